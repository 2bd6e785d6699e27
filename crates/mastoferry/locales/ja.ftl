### Mastoferry の実行中に人が読むすべての文言（日本語）。
### blue = 旧環境（いま使われている側）。green = 新環境（これから使う側）。

## 量

amount-milliseconds = { $value } ミリ秒
amount-seconds = { $value } 秒
amount-minutes = { $minutes } 分 { $seconds } 秒
amount-minutes-whole = { $minutes } 分
amount-hours = { $hours } 時間 { $minutes } 分
amount-moment = 一瞬
amount-unmeasured = 測定できず
amount-none = なし
amount-percent = { $value } %

pair = { $label }：{ $value }

## 結果

outcome-completed = 完了
outcome-rolled-back = 切り戻し済み
outcome-stopped = 停止中（判断待ち）
outcome-failed = 失敗

verdict-clean = { $kind ->
    [rehearsal] この移行は成功します。利用者が気づくことはありません。
   *[migration] 移行が完了しました。失われたリクエストはありません。
}
verdict-completed-failures = { $kind ->
    [rehearsal] 移行はできますが、一部のリクエストが失敗します。
   *[migration] 移行は完了しましたが、一部のリクエストが失敗しました。
}
verdict-completed-broken = { $kind ->
    [rehearsal] 最後まで進みましたが、途中で約束が破られました。
   *[migration] 移行は完了しましたが、途中で約束が破られました。
}
verdict-completed-unproven = { $kind ->
    [rehearsal] 移行はできますが、測定できなかった項目があります。
   *[migration] 移行は完了しましたが、測定できなかった項目があります。
}
verdict-rolled-back = 新環境に異常があったため、旧環境に戻しました。
verdict-rolled-back-unseen = 移行を取りやめました。失われたリクエストはありません。
verdict-rolled-back-changed = 旧環境に戻しましたが、元の状態と違いがあります。
verdict-stopped = 移行を停止しました。続けるか戻すか、判断が必要です。
verdict-failed = 移行に失敗しました。

lead-clean = 移行中に送った { $requests } 件のリクエストすべてに、正しい相手から正しい内容の応答がありました。
lead-completed-failures = 移行中に送った { $requests } 件のリクエストのうち、{ $failed } 件が失敗しました。中断は合計 { $downtime }、最長で { $longest }でした。
lead-completed-broken = { $requests } 件のリクエストのうち失敗は { $failed } 件でしたが、起きてはならないことが起きました。「約束」の項をご覧ください。
lead-completed-unproven = 移行中に送った { $requests } 件のリクエストすべてに応答がありました。測定できなかった項目は下に「測定できず」と示し、良い結果には数えていません。
lead-rolled-back = { $requests } 件のリクエストのうち { $failed } 件が失敗しました。最初の異常な応答から復旧まで { $seconds }でした{ $paced ->
    [faster] （クラスターの時間では { $cluster }）。人手は要りませんでした。
   *[life] 。人手は要りませんでした。
}
lead-rolled-back-untimed = 通信とキューを旧環境に戻すまでに、{ $requests } 件のリクエストのうち { $failed } 件が失敗しました。
lead-rolled-back-unseen = { $requests } 件のリクエストすべてに応答がありました。新環境は、利用者に影響が出る前に取り除きました。
lead-rolled-back-changed = { $requests } 件のリクエストのうち { $failed } 件が失敗しました。旧環境のオブジェクトを、ジャーナルの隣のバックアップと比べてください。
lead-stopped = 状態は記録（ジャーナル）に残っています。「mastoferry resume」で続行、「mastoferry rollback」で切り戻しができます。ここまでに { $requests } 件中 { $failed } 件のリクエストが失敗しました。
lead-failed = { $requests } 件のリクエストのうち { $failed } 件が失敗しました。どこまで進んだかは記録（ジャーナル）にあります。「mastoferry rollback」で旧環境に戻せます。

## 報告書

report-title = { $kind ->
    [rehearsal] { $domain } 移行リハーサル
   *[migration] { $domain } の移行
}
report-key-requests = リクエスト
report-key-requests-note = { $failed ->
    [0] 失敗なし
   *[other] 失敗 { $failed } 件
}
report-key-downtime = 中断
report-key-downtime-note = 最長 { $longest }
report-key-downtime-note-none = 一度もなし
report-key-latency = 応答時間（99 %）
report-key-latency-note = 半数は { $p50 }以内
report-key-streaming = 常時接続
report-key-streaming-note = 途切れは最長 { $gap }
report-key-settings = 設定値
report-key-settings-note = { $missing ->
    [0] 行方不明なし
   *[other] 行方不明 { $missing } 件
}
report-key-rollback = 旧環境への復帰
report-key-rollback-note = { $paced ->
    [faster] 最初の異常な応答から（クラスターの時間で { $cluster }）
   *[life] 最初の異常な応答から
}

report-timeline = 移行の経過
report-timeline-lead = 上は移行の各手順、下は同じ時間軸で見た通信です。手順の進行中も、利用者と同じようにリクエストを送り続けました。
report-timeline-description = 棒は各手順が動いていた期間を示します。下の曲線は同じ時間軸で、1 秒あたりの応答数と失敗数、および応答時間（99 パーセンタイル）を示します。
report-chart-steps = 手順
report-chart-requests = 1 秒あたりの応答数
report-chart-latency = 応答時間（99 パーセンタイル、ミリ秒）
report-chart-time = 開始からの時間（分:秒）
report-legend-step = 手順
report-legend-users = 利用者やキューが移る手順
report-legend-undo = 取り消し
report-legend-failed = 失敗したリクエスト
report-legend-breach = 監視基準の超過
report-legend-window = 最初の異常な応答から復旧まで
report-no-samples = 通信は記録されませんでした。
report-steps-table = 手順の一覧表
report-step = 手順
report-step-start = 開始
report-step-took = 所要
report-step-state = 状態
report-step-undo = 取り消し所要

step-state-pending = 未実施
step-state-running = 途中で中断
step-state-done = 完了
step-state-undone = 取り消し済み
step-state-failed = 失敗

report-components = 応答した相手
report-components-lead = 正しい相手から正しい内容が返ったときだけ、応答として数えます。ステータスコードだけでは判断しません。
report-component = 相手
report-component-requests = リクエスト
report-component-failed = 失敗
report-component-p50 = 半数の応答
report-component-p99 = 99 % の応答
report-component-downtime = 中断
component-assets = 静的ファイル
component-web = ウェブ
component-streaming = ストリーミング
component-posts = 投稿

report-failures = 失敗の内訳
report-failure = 起きたこと
report-failure-count = 件数

report-streaming = 常時接続（WebSocket）
report-streaming-lead = { $connections ->
    [0] 今回は常時接続を測定していません。
   *[other] アプリがタイムラインを受け取るときと同じように、{ $connections } 本の接続を保ち続けました。旧環境が終了するとき、アプリは一度だけ接続し直します。
}
report-streaming-connections = 保った接続
report-streaming-reconnects = 再接続の合計
report-streaming-most = 1 接続あたり最大
report-streaming-gap = 途切れた時間（最長）

report-promises = 約束
report-promises-lead = どの瞬間にも守られるべきことを、移行中に外から数えました。
promise-schedulers = スケジューラーは常に一つ以下
promise-schedulers-detail = 同時に最大 { $count }
promise-jobs-lost = ジョブを失わない
promise-jobs-lost-detail = 消失 { $count } 件
promise-jobs-duplicated = ジョブを二重に実行しない
promise-jobs-duplicated-detail = 重複 { $count } 件
promise-rows-lost = 投稿を失わない
promise-rows-lost-detail = 消失 { $count } 行
promise-streaming = 常時接続の切り替わりは一度まで
promise-streaming-detail = { $count ->
    [0] 途切れなし
   *[other] 1 接続あたり最大 { $count } 回の再接続、途切れは最長 { $gap }
}
promise-blue-unchanged = 旧環境は元のまま
promise-blue-unchanged-yes = オブジェクトを比較し、差異なし
promise-blue-unchanged-no = オブジェクトを比較し、差異あり
promise-kept = 守られた
promise-broken = 破られた
promise-unmeasured = 測定できず

report-ledger = 設定値の台帳
report-ledger-lead = 構成を { $leaves } 個の値に分けて読み、一つひとつの行方を台帳に記しました。知らないうちに失われる設定はありません。
report-ledger-disposition = 扱い
report-ledger-count = 件数
report-ledger-items = { $disposition }：{ $count } 件
report-ledger-items-lead = そのまま引き継いだ値と、元の場所に残した値は、個別には挙げていません。
report-ledger-source = 元の場所
report-ledger-path = 値
report-ledger-target = 移した先
report-ledger-reason = 理由
disposition-carried = 引き継ぎ
disposition-carried-note = 同じ値を新しい場所へ
disposition-translated = 変換
disposition-translated-note = 形は変わり、意味は同じ
disposition-supplemented = 補足
disposition-supplemented-note = 追加のオブジェクトで引き継ぎ
disposition-kept = 据え置き
disposition-kept-note = オブジェクトをそのまま残す
disposition-defaulted = 既定値
disposition-defaulted-note = 新環境の既定値と同じ
disposition-inert = 効果なし
disposition-inert-note = 以前から働いていない値
disposition-replaced = 置き換え
disposition-replaced-note = 新環境の値を採用（新旧を明記）
disposition-dropped = 廃止
disposition-dropped-note = 引き継がない（理由を明記）
disposition-unaccounted = 行方不明
disposition-unaccounted-note = 本プログラムの不具合

report-guard = 監視
report-guard-quiet = 監視基準の超過はありませんでした。エラー、応答時間、準備状況を { $rules } 個の基準で監視し続けました。
report-guard-breaches = 監視基準の超過が { $count } 件ありました。
report-breach-at = 時刻
report-breach-rule = 基準
report-breach-what = 観測値
report-breach-action = 対応
report-breach-seen = { $metric } { $observed }（上限 { $bound }）
metric-server-errors = サーバーエラー
metric-latency = 応答時間（95 パーセンタイル）
metric-not-ready = 準備できない時間
rule-action-note = 記録のみ
rule-action-pause = 停止して判断待ち
rule-action-roll-back = 切り戻し
report-rollback-heading = 切り戻し
report-rollback-reason = 理由
report-rollback-rule = { $rule }：{ $seen }
report-rollback-step = { $step }：{ $detail }
report-rollback-first-bad = 最初の異常な応答
report-rollback-restored = 復旧
report-rollback-took = 復旧までの時間

report-method = 測定方法
report-method-open-loop = 前の応答を待たず、一定の間隔でリクエストを送りました。応答時間は送信予定の時刻から数えるため、サーバーが止まっていた時間が隠れることはありません。
report-method-judged = 期待した相手から期待した内容が返ったものだけを成功とします。メンテナンス画面や既定の画面、別の相手からの応答は失敗です。
report-method-outage = 中断とは、いずれかの相手へのリクエストが一つも成功しなかった時間です。100 ミリ秒ごとに判定しました。
report-method-speed = リハーサルのクラスターは実際の { $speed } 倍の速さで動かしました（起動、プローブ、終了猶予、監視の時間幅）。通信は実時間です。
report-method-honest = 測定できなかったものは「測定できず」と記し、良い結果には数えていません。
report-method-percent = 応答時間（99 %）とは、100 件のうち 99 件がこの時間以内に返ったことを示します。
report-fact-source = 移行元
report-fact-domain = ドメイン
report-fact-strategy = 方式
report-fact-front = 入口
report-fact-release = 新しいリリース
report-fact-namespace = 名前空間
report-fact-speed = クラスターの速さ
report-fact-late = この機械
report-fact-late-value = クラスターの時間で最大{ $span }遅れました。この速さには忙しすぎたようです。失敗はそのせいかもしれません。--speed を下げてもう一度お試しください。
report-fact-memory = 最大メモリー
report-fact-memory-value = { $megabytes } MB
report-fact-finished = 終了時刻
report-fact-version = 作成
strategy-blue-green = ブルーグリーン

## 端末

terminal-requests = リクエスト
terminal-failed = 失敗
terminal-downtime = 中断
terminal-downtime-value = { $total }（最長 { $longest }）
terminal-latency = 応答時間
terminal-latency-value = 半数は { $p50 }以内、99 % は { $p99 }以内
terminal-streaming = 常時接続
terminal-streaming-value = { $connections } 本、再接続 { $reconnects } 回（1 接続あたり最大 { $most } 回）、途切れは最長 { $gap }
terminal-ledger = 台帳
terminal-ledger-value = { $leaves } 個の値、行方不明 { $unaccounted } 件
terminal-rollback = 切り戻し
terminal-rollback-value = 最初の異常な応答から { $span }{ $paced ->
    [faster] （クラスターの時間では { $cluster }）
   *[life] { "" }
}。理由は { $reason }
terminal-late = この機械
terminal-memory = 最大メモリー
terminal-breach = 監視
terminal-part = 相手

## 進行表示

progress-step-started = 開始：{ $step }
progress-step-done = 完了：{ $step }（{ $took }）
progress-step-undone = 取り消し：{ $step }
progress-steps = 手順 { $number }/{ $count }
progress-traffic = 毎秒 { $rate } 件 · 送信 { $requests } 件 · 失敗 { $failed } 件 · 99 % は { $p99 }以内 · 常時接続 { $sockets } 本
progress-traffic-waiting = 通信はまだありません

## リクエストの失敗

failure-dns = 名前解決に失敗
failure-connect = 接続できず
failure-timeout = 時間内に応答なし
failure-reset-before-answer = 応答の前に接続が切断
failure-reset-mid-body = 応答の途中で接続が切断
failure-protocol = HTTP でない応答
failure-status = ステータス { $status }
failure-wrong-body = ステータスは正しく、内容が誤り
failure-overload = 送信できず（処理中が多すぎるため）
failure-wrong-component = 別の相手が応答

## 手順書

runbook-title = { $domain } 移行手順書
runbook-lead = 「mastoferry migrate」が行う手順のすべてを、順に、手作業で行う場合のコマンドとともに記します。ここに書かれていないことは行いません。
runbook-blue-green-words = *旧環境*（blue）はいま使われている側、*新環境*（green）はこれから使う側です。
runbook-header-source = 移行元
runbook-header-domain = ドメイン
runbook-header-namespace = 名前空間
runbook-header-release = 新しいリリース
runbook-header-strategy = 方式
runbook-header-front = 入口
runbook-header-duration = 所要時間の目安
runbook-header-page = 利用者にページを表示する時間の目安
runbook-needs = 始める前に
runbook-needs-lead = 次の Secret は移行元で名前だけが使われており、中身は含まれていません。名前空間に存在している必要があります。
runbook-needs-none = 新環境に必要なものは、すべて移行元に含まれています。
runbook-needs-keys = `{ $secret }`：{ $keys }
runbook-needs-whole = `{ $secret }`：全体（環境変数として）
runbook-routes = 利用者からの経路
runbook-route-host = ホスト
runbook-route-path = パス
runbook-route-service = Service
runbook-route-component = 応答する相手
runbook-objects = オブジェクト：現在 { $blue } 個、追加 { $green } 個、最後に引き継ぐもの { $adopted } 個。
runbook-overview = 手順の一覧
runbook-overview-number = 番号
runbook-overview-step = 手順
runbook-overview-usual = 目安
runbook-overview-reversibility = 取り消し
runbook-steps = 手順
runbook-step-heading = { $number }. { $title }
runbook-what = 内容
runbook-duration = 所要時間
runbook-duration-usual = 目安 { $usual }
runbook-duration-limit = 目安 { $usual }、{ $limit }で打ち切り
runbook-check = 確認方法
runbook-undo = 戻し方
runbook-reversibility = 取り消し
runbook-commands = 手作業で行う場合
runbook-no-commands = 入力するコマンドはありません。見守るだけの手順です。
runbook-concerns = 対象
runbook-concern-replicas = `{ $name }`：Pod { $replicas } 個
runbook-concern-check = `{ $component }`、ポート { $port }：`GET { $path }` が 200 を返し、`{ $contains }` を含むこと
runbook-concern-check-status = `{ $component }`、ポート { $port }：`GET { $path }` が 200 を返すこと
runbook-concern-service = Service `{ $service }`（{ $component }）：セレクター { $before } → { $after }
runbook-concern-labels = { $selector } の Pod に { $labels } を付与
runbook-rules = 監視基準
runbook-rules-lead = 利用者に関わる最初の手順から最後まで、次の基準で監視します。時間幅はクラスターの時間です。
runbook-rule-id = 基準
runbook-rule-when = 超過の条件
runbook-rule-window = 時間幅
runbook-rule-samples = 必要な件数
runbook-rule-tolerance = 連続回数
runbook-rule-no-data = データなし
runbook-rule-action = 対応
runbook-rule-above-percent = { $metric }が { $value } % を超える
runbook-rule-above-milliseconds = { $metric }が { $value } ミリ秒を超える
runbook-rule-above-seconds = { $metric }が { $value } 秒を超える
runbook-rule-times = { $metric }が平常時の { $factor } 倍を超え、かつ { $floor }を超える
runbook-rule-samples-value = { $count } 件
no-data-note = 記録して続行
no-data-breach = 超過とみなす
rule-then-note = 記録する
rule-then-pause = 停止して判断を仰ぐ
rule-then-roll-back = 切り戻す
reversibility-read-only = 変更なし
reversibility-undoable = すべて可能
reversibility-from-backup = バックアップから可能

## 手順ごとの説明

step-check-assumptions-title = 前提の確認
step-check-assumptions-what = 現状が計画の前提と一致するか、新環境で使う名前が空いているか、必要な Secret が存在するかを確かめます。違いがあれば、何も変更せずに停止します。
step-check-assumptions-check = 旧環境の Deployment のレプリカ数が計画どおりで、新しいリリースのラベルを持つオブジェクトがないこと。
step-check-assumptions-undo = 読み取りだけなので、取り消すものはありません。
step-acquire-lease-title = 排他の確保
step-acquire-lease-what = 名前空間の Lease を取得し、別の担当者やプログラムが同じサーバーを同時に移行しないようにします。
step-acquire-lease-check = Lease の保持者が自分であること。
step-acquire-lease-undo = Lease を削除します。
step-pause-autoscalers-title = オートスケーラーの固定
step-pause-autoscalers-what = 各オートスケーラーの下限と上限を現在の Pod 数に揃え、移行中に Pod 数が変わらないようにします。
step-pause-autoscalers-check = 各オートスケーラーの下限と上限が等しいこと。
step-pause-autoscalers-undo = 下限と上限を元に戻します（値はバックアップにあります）。
step-back-up-title = バックアップ
step-back-up-what = 以降の手順で変更または削除するオブジェクトを、すべて現状のままジャーナルの隣に保存します。
step-back-up-check = 以降の手順に挙がるオブジェクトが、1 個につき 1 ファイルずつ保存されていること。
step-back-up-undo = 読み取りだけなので、取り消すものはありません。バックアップは残してください。
step-record-baseline-title = 平常時の記録
step-record-baseline-what = 旧環境だけが動いている間のエラーと応答時間を記録します。以降の監視はこの値と比較します。
step-record-baseline-check = リクエスト数が増え続け、失敗がないこと。
step-record-baseline-undo = 観測だけなので、取り消すものはありません。
step-install-green-title = 新環境の構築（未公開）
step-install-green-what = 新環境のオブジェクトを旧環境の隣に作成します。利用者からの経路はなく、キューも定期処理もまだ動かしません。
step-install-green-check = 新環境のオブジェクトが存在し、Sidekiq のレプリカ数が 0、CronJob が停止中で、利用者が使う Service から選択されていないこと。
step-install-green-undo = 新環境のオブジェクトを削除します。まだ誰も使っていません。
step-await-ready-title = 新環境の準備待ち
step-await-ready-what = 新環境の Pod が起動し、準備完了のプローブに合格するまで待ちます。その間、利用者は旧環境を使います。
step-await-ready-check = 各 Deployment の準備完了 Pod 数が、必要な数に達していること。
step-await-ready-undo = 待つだけなので、取り消すものはありません。
step-verify-green-title = 新環境の検証
step-verify-green-what = 利用者の通らない経路（API サーバー経由）で新環境の各 Pod にリクエストを送り、正しい応答を確かめます。
step-verify-green-check = 下のリクエストすべてに、ステータス 200 と正しい内容が返ること。
step-verify-green-undo = 問い合わせだけなので、取り消すものはありません。
step-drain-queues-title = 旧ワーカーの終了
step-drain-queues-what = 旧環境の Sidekiq が実行中のジョブを終えて終了し、定期処理も停止します。その間ジョブは Redis で待ち、失われません。スケジューラーが二つ動くことはありません。
step-drain-queues-check = 旧環境の Sidekiq の Pod が残っておらず、CronJob が停止中であること。
step-drain-queues-undo = 新環境のワーカーがないことを確かめてから、旧環境の Sidekiq を元のレプリカ数に戻し、CronJob を再開します。
step-start-queues-title = 新ワーカーの開始
step-start-queues-what = 新環境の Sidekiq がキューを引き継ぎ、定期処理を始めます。待っていたジョブもここで処理されます。
step-start-queues-check = 新環境のワーカーが準備完了で、scheduler キューを担当するプロセスがちょうど一つあり、キューが減っていくこと。
step-start-queues-undo = 新環境の Sidekiq をレプリカ数 0 にし、終了を確かめてから CronJob を停止します。
step-open-overlap-title = 両環境への受け入れ
step-open-overlap-what = 各 Service が旧環境と新環境の両方の Pod を選択します。新しいリクエストは両方に分かれ、行き場を失うものはありません。
step-open-overlap-check = 各 Service のエンドポイントに両環境の Pod が並び、リクエストの失敗がないこと。
step-open-overlap-undo = 各 Service のセレクターを旧環境のものに戻します。
step-close-overlap-title = 新環境への切り替え
step-close-overlap-what = 各 Service が新環境の Pod だけを選択します。旧環境は動いたまま、受け付け済みの処理を終えます。
step-close-overlap-check = 各 Service のエンドポイントが新環境の Pod だけになり、リクエストの失敗がないこと。
step-close-overlap-undo = 各 Service のセレクターを旧環境のものに戻します。旧環境は動いているので、数秒で戻ります。
step-observe-title = 経過観察（旧環境は待機）
step-observe-what = 利用者は新環境を使っています。旧環境はそのまま動かしておき、異常があれば数秒で全員を戻します。
step-observe-check = エラーと応答時間が監視基準の範囲内にあること。
step-observe-undo = 観測だけなので、取り消すものはありません。
step-stop-blue-title = 旧環境の終了
step-stop-blue-what = 旧環境の Pod を終了します。残っていた常時接続は閉じられ、アプリは新環境に一度だけ接続し直します。
step-stop-blue-check = 旧環境の Pod が残っておらず、リクエストの失敗がないこと。
step-stop-blue-undo = 旧環境の Deployment を元のレプリカ数に戻し、準備完了まで待ちます。
step-remove-blue-title = 不要になったものの削除
step-remove-blue-what = 旧環境のオブジェクトのうち、どの経路、Service、周辺サービスからも使われていないものを削除します。すべてバックアップにあります。データには触れません。
step-remove-blue-check = ここに挙げたオブジェクトだけがなくなっていること。
step-remove-blue-undo = バックアップからオブジェクトを適用し直します。
step-adopt-title = オートスケーラーと監視の引き継ぎ
step-adopt-what = オートスケーラーや監視設定などの対象を新環境の Deployment に変え、元の上下限に戻します。
step-adopt-check = 各オートスケーラーが新環境の Deployment を対象とし、指標を取得できていること。
step-adopt-undo = バックアップからこれらのオブジェクトを適用し直します。
step-final-audit-title = 最終監査
step-final-audit-what = 計画にあるすべてのオブジェクトをクラスターから読み戻し、設定を一つずつ比較します。
step-final-audit-check = 差異がないこと。
step-final-audit-undo = 読み取りだけなので、取り消すものはありません。
step-release-lease-title = 排他の解放
step-release-lease-what = Lease を解放します。次の担当者が作業できるようになります。
step-release-lease-check = Lease がないか、保持者が空であること。
step-release-lease-undo = 取り消すものはありません。

# コマンド
inspect-size = { $form }（{ $files } ファイル、{ $objects } オブジェクト）
inspect-size-in-namespace = { $size }、名前空間 { $namespace }
inspect-no-domain = （ドメイン不明）
inspect-replicas = ×{ $replicas }
inspect-users-reach = 利用者の経路：
inspect-beside = 隣で動き、そのまま残るもの：
inspect-need = 参照されているが手元にないもの：{ $kind } { $name }。移行先に必要です（リハーサルでは仮のものを作ります）。
form-kustomize = Kustomize ツリー
form-manifests = マニフェスト
form-compose = Docker Compose
form-helm-values = Helm の values
form-live = 稼働中のクラスター
compose-service = サービス { $name }
compose-volume = ボリューム { $name }
compose-secret = シークレット { $name }
compose-config = 設定 { $name }
flavour-mastodon = Mastodon
flavour-glitch-soc = glitch-soc
flavour-hometown = Hometown
flavour-linuxserver = Mastodon（linuxserver.io 版）
flavour-own = 独自ビルドの Mastodon
inspect-versions = バージョン
inspect-required = このバージョンに必要な秘密情報
inspect-head-setting = 設定項目
inspect-head-given = 指定
inspect-head-by = 指定元
inspect-head-made-by = 作るもの
inspect-need-optional = 省略可
given-given = あり
given-in-the-open = あり（平文）
given-encrypted = あり（暗号化）
given-unseen = 確認できない
given-missing = なし
route-http-route = HTTPRoute
route-ingress-route = IngressRoute
route-openshift-route = Route
route-load-balancer = ロードバランサー
route-node-port = ノードのポート
route-host-port = ホストのポート
route-proxy-labels = プロキシ用ラベル
inspect-components = Mastodon の構成
inspect-queues = キューの担当
inspect-routes = 利用者の経路
inspect-certificates = 証明書
inspect-stores = データの置き場所
inspect-mail = メール
inspect-schedules = 定期実行
inspect-scaling = スケーリングと保護
inspect-monitors = 監視
inspect-neighbours = 隣で動くもの
inspect-secrets = 秘密情報
inspect-needs = 参照されているが手元にないもの
inspect-findings = 危うい点
inspect-notes = 参考
inspect-unread = 読めなかったもの
inspect-no-findings = 見つかりませんでした。
inspect-head-release = リリース
inspect-head-image = イメージ
inspect-head-component = 役割
inspect-head-workload = ワークロード
inspect-head-pods = Pod
inspect-head-threads = スレッド
inspect-head-version = ビルド
inspect-head-queues = キュー
inspect-head-queue = キュー
inspect-head-jobs-at-once = 同時実行数
inspect-head-served-by = 担当
inspect-head-address = アドレス
inspect-head-answers = 応答するもの
inspect-head-through = 経由
inspect-head-tls = TLS
inspect-head-hosts = ホスト名
inspect-head-issuer = 発行者
inspect-head-kept-in = 保管場所
inspect-head-store = 種類
inspect-head-settings = 設定項目
inspect-head-mail = 用途
inspect-head-server = サーバー
inspect-head-sender = 差出人
inspect-head-schedule = 日時
inspect-head-state = 状態
inspect-head-command = 実行内容
inspect-head-scaling = 種類
inspect-head-object = オブジェクト
inspect-head-of-workload = 対象
inspect-head-least = 最小
inspect-head-most = 最大
inspect-head-sidecar = サイドカー
inspect-head-part = 役割
inspect-head-secret = 名前
inspect-head-held = 保管方法
inspect-head-keys = キー名
inspect-all-queues = すべて
inspect-served-by-nobody = 担当なし！
inspect-served-elsewhere = 手元の構成の外
inspect-answers-unknown = 不明
inspect-address-unknown = 記述なし
inspect-issued-by-hand = 手作業
inspect-tls = あり
inspect-suspended = 停止中
inspect-need-whole = 全体を環境変数として
inspect-remark-at = { $remark }（{ $places }）
inspect-remedy = → { $remedy }
inspect-more-places = ほか { $count } 件
store-postgresql = PostgreSQL
store-postgresql-replica = PostgreSQL の読み取り用レプリカ
store-redis = Redis
store-redis-sidekiq = Sidekiq 用 Redis
store-redis-cache = キャッシュ用 Redis
store-search = 検索
store-s3 = メディア（S3）
store-google-cloud-storage = メディア（Google Cloud Storage）
store-minio = メディア（MinIO）
store-swift = メディア（Swift）
store-azure = メディア（Azure Blob Storage）
store-file-system = メディア（フォルダー）
mail-all = メール
mail-bulk = 一斉メール
scaling-horizontal = 負荷に応じた Pod 数
scaling-vertical = 負荷に応じた Pod の大きさ
scaling-keda = イベントに応じた Pod 数（KEDA）
scaling-disruption-budget = 中断時にも残す数
part-database = データベース
part-database-proxy = データベースプロキシ
part-redis = Redis
part-search = 検索
part-object-store = オブジェクトストレージ
part-proxy = プロキシ
part-media-proxy = メディアプロキシ
part-anonymiser = 匿名化
part-backup = バックアップ
part-monitoring = 監視
part-translation = 翻訳
part-other = その他
secret-form-plain = Secret として手元に
secret-form-in-the-open = 平文のまま
secret-form-env-file = env ファイル
secret-form-sops = SOPS で暗号化
secret-form-sealed = SealedSecret
secret-form-external = External Secrets
secret-form-one-password = 1Password
secret-form-vault = Vault
secret-form-git-crypt = git-crypt で暗号化
secret-form-elsewhere = 参照のみ
note-inert-key = { $chart } が読まないキーです
note-other-chart = チャート { $chart } は Mastodon の公式チャートではないため、values から何が作られるかはわかりません
note-not-listed = { $kind } を一覧できませんでした：{ $reason }
note-old-api = { $old } { $kind } は Kubernetes { $since } で廃止されました。現在は { $today } です
note-old-api-gone = { $old } { $kind } は Kubernetes { $since } で廃止され、代わりはありません
note-rendered-chart = リリース { $release } の { $objects } オブジェクトは Helm が { $charts } から生成したものです{ $hooks ->
    [0] { "" }
   *[other] （うち { $hooks } 件はフック）
}。変更するならチャートの values のほうです
note-helm-release = リリース { $release }（リビジョン { $revision }）の Helm の記録に、values とマニフェストが入っています
note-passed-over = 読み飛ばしました：{ $what }
note-placeholder = { $text } はクラスターに渡る途中で置き換えられます。手元では書かれたままです
note-set-apart = { $kind }（{ $count } 件）はコントローラーやクラスターが作るものなので除きました
note-also-here = { $path } もここにありますが、読んでいません。読むには { $form }:{ $path } を指定してください
note-misspelt-key = { $chart } は「{ $key }」を読みません。「{ $meant }」のことだと思われます
note-read-as = { $named } を { $chart } として読みました。フォークや別のバージョンでは、同じ values から別のものが作られることがあります
note-chart-refuses = 「{ $key }」がこのままでは { $chart } はレンダリングできません
note-post-rendered = リリース { $release } のオブジェクトはレンダリングの後で変更されます（postRenderers）。読んだのは変更前のものです
note-elsewhere-source = アプリケーション { $application } はリポジトリの「{ $path }」を使いますが、チャートではありません。読むにはそのフォルダーを指定してください
note-unset-variable = 変数 { $name } がどこにも設定されていません。Compose は空として扱います
note-read-differently = Compose と Mastodon の dotenv と kubectl --from-env-file とで読み方が異なります：{ $names }
note-built-image = サービス { $service } はここでビルドされます（{ $image }）。クラスターではレジストリーに置いたイメージが必要です
note-switched-off = サービス { $service } は有効でないプロファイルに属するため、読んでいません
passed-compose = Compose ファイル
passed-kustomization = kustomization（フォルダーをファイルごとに読みました）
passed-chart = Helm チャートの説明
passed-values = Helm チャートの values
passed-chart-template = チャートのテンプレート（生成できるのは Helm だけです）
passed-git-crypt = git-crypt で暗号化
passed-run-by-hand = 手で実行するもの（generateName）で、常に動いてはいません
passed-tool = ツールの設定
passed-unknown = 内容がわかりません
diagram-users = 利用者
diagram-any-host = ホスト名を問わない
diagram-namespace = 名前空間 { $namespace }
diagram-data = データ
diagram-elsewhere = 外部
diagram-threads = { $threads } スレッド
diagram-more = ほか { $count } 件
finding-several-schedulers = { $object } は scheduler キューを担当し、2 つ以上に増えることがあります。定期ジョブが二重に登録されます
finding-scheduler-overlaps = { $object } のローリング更新中はスケジューラーが 2 つ動きます。新環境では Recreate にします
finding-short-grace-period = { $object } の猶予時間は、Sidekiq が実行中のジョブを戻すのに使う 25 秒を超えていません
finding-unserved-queue = { $queues } には担当がいません。ジョブが溜まり続けます
finding-floating-image = { $object } のイメージが固定されていません。ノードごとに違うビルドが動くおそれがあります
finding-several-scheduler-workers = { $objects } がどれも scheduler キューを担当しています。定期ジョブが二重に動きます
finding-missing-component = { $component } を動かすものがここにはありません
finding-media-apart = { $objects } のメディアの置き場所が別々です。一方が書いたものを他方が見つけられません
finding-media-volatile = { $object } はメディアをコンテナの中か emptyDir に置いています。Pod と一緒に消えます
finding-missing-settings = { $object } に、このバージョンに必要な { $settings } が渡されていません
finding-cannot-tell-settings = { $object } には { $settings } が必要ですが、{ $unseen } の中身が見えないため、渡されているか判断できません
finding-obsolete-settings = このバージョンではもう読まれない設定です：{ $settings }
finding-early-settings = このバージョンではまだ読まれない設定です：{ $settings }
finding-misspelt-settings = Mastodon にはない設定名です。書き間違いかもしれません：{ $settings }
finding-versions-apart = 部分ごとにバージョンが違います：{ $releases }
finding-secrets-in-the-open = { $object } に秘密の値がそのまま書かれています：{ $settings }
finding-redis-namespace = { $object } に REDIS_NAMESPACE が設定されています。Mastodon 4.4 以降はこれがあると起動しません
finding-streaming-unrouted = { $object } はストリーミングを動かしていますが、そこへ届く経路がありません
finding-migrates-on-start = { $object } は起動のたびにデータベースのマイグレーションを行います
finding-own-sidekiq-config = { $object } のキューは { $file } で決まりますが、その中身は読んでいません。すべてのキューに担当がいるか判断できません
convert-ledger = { $leaves } 項目すべての行き先を確認し、リリース { $release } として書き出しました：
convert-explained = 差異 { $count } 件（すべて台帳で説明済み）
convert-written = { $directory } に書き出しました
ledger-title = 設定ひとつひとつの行き先
ledger-head-source = 元の場所
ledger-head-path = 設定
ledger-head-disposition = 扱い
ledger-head-target = 新しい場所
ledger-head-reason = 理由
ledger-decided = 書かれたとおりではなくなるもの
ledger-differences = これまでと違うところと、その理由
ledger-everything = すべての設定
ledger-head-line = 行
ledger-head-field = 項目
ledger-head-before = 旧環境
ledger-head-after = 新環境
reason-release-name = オブジェクト名はリリース名から付きます
reason-chart-labels = ラベルとセレクターはチャートのもので、古いセレクターには一致しません
reason-container-name = コンテナ名はチャートに合わせます
reason-reference = 名前の変わったオブジェクトへの参照です
reason-one-scheduler = ローリング更新ではスケジューラーが 2 つ動くため、Recreate にします
reason-service-selector = Service は残り、新しい Pod を選びます
reason-directive = ビルドへの指示で、すでに実行済みです
reason-overridden = パッチで上書きされています
reason-server-filled = API サーバーが補った値で、管理者が書いたものではありません
reason-patch-address = パッチの対象を示しています
reason-carried = 同じ値のまま新しい場所へ
reason-kept = オブジェクトはそのまま残ります
reason-supplemented = チャートに置き場がないため、専用のオブジェクトで補います
reason-changed-unexplained = 値が変わっていますが、理由がわかりません
reason-unaccounted = 行き先がわかりません
reason-image-parts = リポジトリーとタグに分けて書きます
reason-value-form = チャートでは同じ内容を別の形で書きます
reason-same-command = チャートは同じプログラムを同じように動かします
reason-port-name = コンテナーのポート名はチャートに合わせます
reason-moved-to-secret = 平文で書かれていたため、今後は Secret に置きます
reason-media-volume = メディア用ボリュームの名前とマウント先はチャートに合わせます
reason-deployment-only = チャートではすべてのコンポーネントが Deployment になります
reason-absorbed = 設定はチャートの ConfigMap に入るため、このオブジェクトは不要です
reason-variable-name = 変数名は値または ConfigMap のキーになります
reason-said-once = どのコンポーネントも同じ値なので、1 か所にまとめます
reason-outdone = コンテナーの環境変数の別の部分が優先されます
reason-empty = 空で、何も指定していません
reason-defaulted = チャートの既定値が同じです
reason-chart-adds = チャートが追加しますが、動作は変わりません
reason-built = 元のビルドの結果がそのまま入っています
reason-current-api = 書かれていた API バージョンは現在の Kubernetes にないため、後継のバージョンにします。フィールドの意味は同じです
reason-named-of-whole = もともと丸ごと読み込んでいる Secret の同じキーです
chart-unknown = { $name } { $version } です。扱えるのは mastodon/helm-charts の mastodon 1 と、mastodon/chart の mastodon 4 から 6 です
chart-nearest = チャートは { $version } ですが、値は { $known } の知識で書きました。インストールの前に必ずレンダリングして確認してください。
values-head =
    { $chart } の値です。mastoferry が書きました。チャートの既定値と違うものだけを載せています。
    各値の後ろに、元の行、またはその値を書いた理由があります。
    
    helm 3:  helm install { $release } CHART -f values.yaml --post-renderer supplements/post-render.sh
    helm 4:  helm plugin install supplements && helm install { $release } CHART -f values.yaml --post-renderer { $plugin }
    
    supplements を使わないと失われる設定があります。チャートに置き場のないものはすべてそこにあります。
    
    今後の更新でフックを有効にする前に：フックのジョブは serviceAccount.create だけが作るアカウントで動き、
    丸ごと読み込む Secret と mastodon.extraEnvVars の設定は受け取りません。
why-hooks-off = 無効：フックは旧環境がまだ使っているデータベースを移行してしまいます
why-routes-stay = 無効：今ある経路がそのまま残り、新しい Pod につながります
why-never-set = 今は設定されていませんが、チャートが設定してしまいます
why-said-by-secret = チャートが必須とします。Secret にあり得るため、パッチで取り除きます
why-demanded = チャートが必須とします。使われないため、パッチで取り除きます
why-mastodons-default = 今効いている Mastodon 自身の既定値です
why-named = どの名前とも衝突しません
why-key-like-variable = キーの名前は変数と同じです
why-overlap = 利用者が移る間、Service がこれで両方の環境を区別します
why-kubernetes-default = 今効いている Kubernetes 自身の既定値です
why-not-there = 今はありません
why-stores-stay = 無効：今使っているものをそのまま使います。チャートは空のものを立ててしまいます
secrets-title = Secret への参照
secrets-intro = 新環境のコンテナーが Secret から受け取るものです。秘密の値はどこにも書いていません。
secrets-variable = 変数
secrets-secret = Secret
secrets-key = キー
secrets-today = 現在
secrets-there = あります
secrets-perhaps = Secret にあるか、設定されていません。丸ごと読み込んでいるため、参照は省略可能です
secrets-in-the-open = { $place } に平文で書かれています
secrets-check = キーの確認
secrets-make = { $secret } の作成
secrets-make-text = 求められたところで値を入力してください。値は本人だけが読めるファイルを通ります。`mastoferry convert --secrets フォルダー` で Secret を書き出すこともできます。
secrets-watch = Secret と重なってはならない設定
secrets-watch-text = 丸ごと読み込む Secret や ConfigMap に同じ名前のキーがあると、新環境ではもう一方の値が使われます。同じ名前のキーがないことを確かめてください。
plan-headline-blue-green = 名前空間 { $namespace } のリリース { $release } へブルーグリーンで移行します（{ $steps } 手順）：
why-room = ブルーグリーンを選びました。両側が同じデータベースを使うので、利用者は止まらずに移り、戻ることもできます。
rehearse-read = { $source } を読んでいます
rehearse-blue = 内蔵クラスターで旧環境を起動しています
rehearse-traffic = 通信：毎秒 { $rate } リクエスト、WebSocket { $sockets } 本、クラスター時間 ×{ $speed }
rehearse-tail = 到着しました。もうしばらく通信を続けます
rehearse-state = 記録：{ $directory }
rehearse-report = 報告書：{ $file }
rollback-asked-for = 手動で指示されました
status-line = { $rehearsal }：{ $state }
status-running = 手順 { $step } で中断しています。`mastoferry resume` か `mastoferry rollback` を実行してください
status-unstarted = 最初の手順の前に中断しています
status-finished = { $outcome }

# エラー
problem-no-such-path = { $path } というファイルもフォルダーもありません。
problem-no-such-path-remedy = kustomization.yaml や Compose ファイルのあるフォルダー、マニフェストのファイルかフォルダー、または Helm の values ファイルを指定してください。
problem-unreadable = { $path } を読めません：{ $reason }
problem-nothing-to-read = フォルダー { $path } に kustomization.yaml も .yaml / .yml / .json もありません。
problem-nothing-to-read-remedy = `kubectl apply -k` や `kubectl apply -f` に渡すフォルダーを指定してください。
problem-yaml-tab = 字下げにタブが使われています。YAML では空白しか使えません。
problem-yaml-tab-remedy = タブを空白に直してください。
problem-yaml-syntax = YAML として正しくありません：{ $detail }
problem-yaml-syntax-remedy = この行を直してください。`kubectl apply` でも受け付けられません。
problem-yaml-truncated = 途中で終わっています：{ $detail }
problem-yaml-truncated-remedy = ファイルは最後まで揃っていますか。開いたままのものを閉じるか、ファイルを取り直してください。
problem-yaml-duplicate = キー「{ $key }」はすでに { $line } 行目にあります。
problem-yaml-duplicate-remedy = 正しいほうだけを残してください。どちらが採られるかはプログラムによって異なります。
problem-yaml-other = この YAML は読めません：{ $detail }
problem-not-an-object = Kubernetes のオブジェクトではありません：{ $missing } がありません。
problem-not-an-object-remedy = マニフェスト以外のファイルをフォルダーから外すか、マニフェストを個別に指定してください。
problem-twice = { $id } が二度書かれています。最初は { $first } です。
problem-twice-remedy = どちらかを取り除いてください。
problem-kustomize-missing = kustomization が指す { $path } がありません。
problem-kustomize-missing-remedy = 記述を直すか、ファイルを戻してください。リポジトリに入れていないファイルも手元に必要です。
problem-kustomize-unsupported = この版では kustomization の「{ $field }」を読めません。
problem-kustomize-unsupported-remedy = `kubectl kustomize` で 1 つのファイルに書き出し、そのファイルを指定してください。
problem-kustomize-remote = { $path } は遠隔のリソースです。取得は行いません。
problem-kustomize-remote-remedy = ダウンロードして手元に置き、その場所を指定してください。
problem-no-mastodon = { $objects } オブジェクトの中に Mastodon が見つかりません。puma、node ./streaming、sidekiq を動かすコンテナがありません。
problem-no-mastodon-remedy = フォルダーは合っていますか。コンテナはコマンドで見分けます。
problem-missing-component = { $component } のない Mastodon です。動かしているコンテナがありません。
problem-missing-component-remedy = 全体が揃った場所を指定してください。
problem-shared-workload = { $object } はひとつの Pod で Mastodon の複数の部分（{ $parts }）を動かしています。移行はワークロードごとに進むため、このままでは計画できません。
problem-shared-workload-remedy = まず変換してください。`mastoferry convert` は Pod を部分ごとに分けて書き出します。それを動かしてから計画してください。
problem-open-secret = 秘密の値がそのまま書かれており、新環境にも書き写すことになってしまいます。
problem-open-secret-remedy = Secret に移して参照する形にしてから変換してください。
problem-several-mastodons = Mastodon が複数あります：{ $choices }
problem-several-mastodons-remedy = --instance でひとつ選んでください。例：--instance { $first }
problem-no-such-mastodon = { $wanted } という Mastodon はありません。見つかったもの：{ $choices }
problem-no-such-mastodon-remedy = --instance でこの中から選んでください。
problem-name-taken = リリース名 { $release } は { $object } とぶつかります。
problem-name-taken-remedy = --release を省くと、空いている名前を選びます。
problem-bad-name = { $name } はリリース名に使えません。
problem-bad-name-remedy = 英小文字・数字・ハイフンで 40 文字までにしてください。
problem-selector-matches = { $object } のセレクターは、どんな名前にしても新しい Pod に一致してしまいます。
problem-selector-matches-remedy = 移行の前にセレクターを絞ってください。
problem-nothing-to-switch = web の前に Service がなく、切り替えるものがありません。
problem-nothing-to-switch-remedy = Service も含めて指定してください。web は Service 経由で届く必要があります。
problem-unlawful = 計画が守るべき順序に反するため、実行しません：{ $law }
problem-plan-format = 計画の形式が { $found } です。このプログラムが読めるのは { $expected } です。
problem-plan-format-remedy = この版で計画を作り直してください。
problem-plan-unreadable = { $path } は計画ではありません：{ $detail }
problem-plan-unreadable-remedy = `mastoferry plan … --out { $path }` で作れます。
problem-unaccounted = { $count } 項目が失われます：
    { $list }
problem-unaccounted-remedy = Mastoferry の不具合です。何も書き出していません。上の行を添えて報告してください。
problem-differences = 説明のつかない差異が { $count } 件あります：
    { $list }
problem-differences-remedy = 何も書き出していません。意図した違いは --accept CODE:PATH で 1 つずつ受け入れられます。意図しないものは Mastoferry の欠陥です。その行を添えて報告してください。
problem-out-not-empty = { $path } は空ではありません。何も書き出していません。
problem-out-not-empty-remedy = 新しいフォルダーを指定してください。
problem-write = 書き出せませんでした：{ $reason }
problem-write-file = { $path } に書けませんでした：{ $reason }
problem-no-rehearsal = { $path } にリハーサルも移行もありません。
problem-no-rehearsal-remedy = `mastoferry rehearse SOURCE` か `mastoferry migrate plan.json` で始めるか、--state で場所を指定してください。
problem-rehearsal-finished = { $rehearsal } はすでに終わっています：{ $outcome }
problem-rehearsal-finished-remedy = `mastoferry report` で結果を見るか、新しく始めてください。
problem-rehearsal-damaged = 記録を読めません：{ $detail }
problem-cluster-inside = 内蔵クラスターを起動できませんでした：{ $detail }
problem-blue-not-ready = 旧環境が準備完了になりませんでした：{ $detail }
problem-blue-not-ready-remedy = プローブが通る構成かどうか確かめてください。`inspect` で読み取った内容を見られます。
problem-voyage = 移行に失敗しました：{ $detail }
problem-kustomize-outside = { $path } は、それを指す kustomization のフォルダーの外にあります。Kustomize は読み込みません。
problem-kustomize-outside-remedy = kustomization の下へ移すか、そのファイルのあるフォルダーを指定してください。
problem-kustomize-none = { $path } に kustomization.yaml がありません。
problem-kustomize-none-remedy = 追加するか、中のファイルを個別に指定してください。
problem-kustomize-several = { $path } に kustomization が複数あります。
problem-kustomize-several-remedy = ひとつだけ残してください。
problem-kustomize-other-kind = { $path } は kustomization という名前ですが、中身が違います。
problem-kustomize-field = 「{ $field }」の値が正しくありません（求められる形：{ $wanted }）。
problem-kustomize-cycle = { $path } をたどると自分自身に戻ります。
problem-kustomize-cycle-remedy = 循環している記述のどれかを取り除いてください。
problem-kustomize-no-match = 変更の対象 { $id } がありません。
problem-kustomize-no-match-remedy = パッチの名前・種類・名前空間を確かめてください。
problem-kustomize-several-matches = { $id } が複数あり、どれを指すのか決まりません。
problem-kustomize-patch = パッチを適用できません：{ $detail }
problem-kustomize-unknown-field = Kustomize に「{ $field }」という項目はありません。
problem-kustomize-unknown-field-remedy = 名前を直すか、取り除いてください。
problem-kustomize-misspelt-field = Kustomize に「{ $field }」という項目はありません。「{ $like }」の書き間違いと思われます。
problem-kustomize-misspelt-field-remedy = 名前を直してください。
problem-kustomize-chart = 「{ $field }」は Helm チャートの展開を求めていますが、ここでは取得も実行も行いません。
problem-kustomize-chart-remedy = `helm template` で書き出して手元に置き、`resources` で指定してください。
problem-kustomize-plugin = { $kind } はプラグインです。ここではプログラムを実行しません。
problem-kustomize-plugin-remedy = プラグインのある環境でビルドし、書き出されたファイルを指定してください。
problem-kustomize-twice-key = { $name } の生成で、キー「{ $key }」が 2 度使われています。
problem-kustomize-twice-variable = 変数「{ $name }」が 2 度定義されています。
problem-kustomize-no-field = { $id } に項目「{ $field }」がありません。
problem-kustomize-no-field-remedy = 項目のパスを確かめてください。
problem-kustomize-bad-shape = { $id } の項目「{ $field }」の形が、ここで必要なものと違います。
problem-kustomize-too-large = 読み込める量を超えています（{ $limit }）。
problem-not-text = { $path } は UTF-8 のテキストではありません。
problem-not-text-remedy = 暗号化（git-crypt）されていませんか。先に解除してください。
problem-too-large = { $path } は { $bytes } バイトあります。{ $limit } バイトを超えるファイルは読みません。
problem-too-large-remedy = それほど大きなマニフェストはありません。フォルダーから外すか、ダンプを分割してください。
problem-too-many-files = フォルダー { $path } には { $limit } を超えるファイルがあります。
problem-too-many-files-remedy = 対象のサーバーのフォルダーだけを指定してください。
problem-git-crypt = { $path } は git-crypt で暗号化されています。
problem-git-crypt-remedy = `git-crypt unlock` でリポジトリのロックを解除してから、やり直してください。
problem-template = { $path } はテンプレートです。値を埋めるまでは読めません。
problem-template-remedy = 先に展開して（`helm template` や `envsubst` など）、その結果を指定してください。
problem-not-listed = クラスターで動いているものは調べられますが、ここでは使えません。
problem-several-trees = { $path } 自体は Kustomize のツリーではありませんが、その中にツリーがあります。
problem-several-trees-remedy = 次のどれかを指定してください：{ $choices }。すべてのファイルをそのまま読むには manifests:{ $path } とします。
problem-other-chart = チャート { $chart } が values から何を作るかはわかりません。
problem-other-chart-remedy = `helm template` でフォルダーにレンダリングしてそれを指定するか、動いているものを読んでください：cluster:NAMESPACE。
problem-values-mapping = 「{ $key }」はマッピングでなければなりません。
problem-values-list = 「{ $key }」はリストでなければなりません。
problem-missing-values = { $what } の values がソースにありません。
problem-missing-values-remedy = それも含むフォルダーを指定するか、動いているものを読んでください：cluster:NAMESPACE。
problem-encrypted-values = { $what } の values は暗号化されています。
problem-encrypted-values-remedy = フォルダーのコピーに復号してそれを指定するか、動いているものを読んでください：cluster:NAMESPACE。
problem-unknown-generator = この ApplicationSet のジェネレーター「{ $generator }」は要素をほかから取ります。
problem-unknown-generator-remedy = Argo CD が作る Application を保存し（`argocd appset generate`）、それを指定してください。
problem-release-too-large = リリース { $release } は、どのデプロイメントよりも多くのオブジェクトになります。
problem-no-kubeconfig = kubeconfig がなく、クラスターの Pod の中でもありません。
problem-no-kubeconfig-remedy = ~/.kube/config に置くか、KUBECONFIG で指定してください。`kubectl config view` で見える必要があります。
problem-no-such-context = kubeconfig にコンテキスト { $wanted } はありません。あるのは { $known } です。
problem-no-such-context-remedy = そのどれかを、移行元なら cluster:CONTEXT/NAMESPACE、リハーサルなら --cluster CONTEXT と指定してください。
problem-no-current-context = kubeconfig に現在のコンテキストがありません。あるのは { $known } です。
problem-no-current-context-remedy = cluster:CONTEXT/NAMESPACE と書くか、`kubectl config use-context` で選んでください。
problem-kubeconfig-unusable = kubeconfig が使えません：{ $detail }
problem-kubeconfig-unusable-remedy = `kubectl get namespaces` が動くか確かめてください。
problem-no-such-namespace = コンテキスト { $context } のクラスターに名前空間 { $namespace } はありません。
problem-no-such-namespace-remedy = `kubectl get namespaces` で一覧できます。
problem-cluster-unknown-user = コンテキスト { $context } のクラスターに認証されません。
problem-cluster-unknown-user-remedy = ログインし直してください。`kubectl auth whoami` が答える必要があります。
problem-cluster-unreachable = コンテキスト { $context } のクラスターに問い合わせできません：{ $detail }
problem-cluster-unreachable-remedy = ここから `kubectl get namespaces` が動くか確かめてください。
problem-cluster-unlistable = クラスターを一覧できません：{ $detail }
problem-compose-no-file = { $path } に compose.yaml、compose.yml、docker-compose.yml、docker-compose.yaml のいずれもありません。
problem-compose-no-file-remedy = compose:path/to/file.yml のように、Compose ファイルそのものを指定してください。
problem-compose-odd-key = YAML が数値・真偽値・空と解釈するキーがあります。Compose のキーは文字列でなければなりません。
problem-compose-odd-key-remedy = 引用符で囲んでください。
problem-compose-empty = Compose ファイルが空です。
problem-compose-expression = 「{ $attribute }」の ${ "{" } のあとに正しい変数名がありません。
problem-compose-expression-remedy = ドル記号そのものは $$ と書きます。
problem-compose-required = 「{ $attribute }」に必要な変数 { $name } がどこにも設定されていません。
problem-compose-required-remedy = Compose ファイルと同じフォルダーの .env か環境変数で { $name } を設定してください。
problem-compose-unknown = Compose に「{ $attribute }」という項目はありません。
problem-compose-unknown-remedy = つづりと字下げを確かめてください。独自の項目は x- で始めます。
problem-compose-wrong = 「{ $attribute }」の値が正しくありません（必要な形：{ $wanted }）。
problem-compose-missing = 「{ $attribute }」がありません。
problem-compose-cannot-merge = 「{ $attribute }」の種類が、重ねる元のファイルと異なります。
problem-compose-cannot-merge-remedy = 両方ともリスト、または両方ともマッピングにしてください。
problem-compose-extends-cycle = サービス { $service } の extends が（ほかのサービスを経て）自分自身に戻っています。
problem-compose-extends-cycle-remedy = 循環している「extends」を一つ取り除いてください。
problem-compose-include-cycle = { $path } の include が（ほかのファイルを経て）自分自身に戻っています。
problem-compose-include-cycle-remedy = 循環している「include」を一つ取り除いてください。
problem-compose-dependency-cycle = サービス { $service } の depends_on が（ほかのサービスを経て）自分自身に戻っています。
problem-compose-dependency-cycle-remedy = 循環している「depends_on」を一つ取り除いてください。
problem-compose-no-such-base = extends の元になるサービス { $service } がありません。
problem-compose-missing-env-file = env ファイル { $path } がありません。設定が揃いません。
problem-compose-missing-env-file-remedy = ファイルをその場所に置いてください（リポジトリーに入れていないことがよくあります）。なくてもよいなら「required: false」と書いてください。
problem-compose-missing-file = ファイル { $path } がありません。
problem-compose-missing-file-remedy = ファイルをその場所に置くか、それを指す行を取り除いてください。
problem-compose-env-file-format = env ファイルに「{ $format }」という形式はありません。
problem-compose-env-file-format-remedy = 「format」を省くか、raw と書いてください。
problem-compose-conflict = { $resource } の内容が、ここと include したファイルとで異なります。
problem-compose-conflict-remedy = 一か所だけに書いてください。
problem-compose-undefined = サービス { $service } が指す { $attribute }「{ $name }」がありません。
problem-compose-undefined-remedy = 最上位で定義するか、定義のあるファイルも「:」でつないで指定してください。
problem-compose-no-image = サービス { $service } に「image」も「build」もありません。
problem-compose-exclusive = 「{ $attribute }」と「{ $other }」は両立しません。
problem-compose-exclusive-remedy = どちらか一方にしてください。
problem-compose-twice = 「{ $attribute }」が重複しています。
problem-compose-project-name = プロジェクトに正しい名前がありません。
problem-compose-project-name-remedy = 小文字の英数字と - と _ を使い、英数字で始めてください。ファイルの先頭の「name:」か、COMPOSE_PROJECT_NAME で指定します。
problem-compose-remote = { $url } はダウンロードが必要ですが、Mastoferry はダウンロードしません。
problem-compose-remote-remedy = 手元に取得し、そのファイルを指定してください。
problem-compose-too-large = プロジェクトが大きくなりすぎるため読めません（エイリアス、範囲、変数による増大）。
problem-env-file-name = env ファイルのこの行は、正しい変数名で始まっていません。
problem-env-file-name-remedy = NAME=value の形で書いてください。名前には英数字と _ を使い、空白は使えません。
problem-env-file-unterminated = { $name } の値の引用符が閉じていません。
problem-env-file-unterminated-remedy = 引用符を閉じてください。
problem-env-file-expression = { $name } の値の ${ "{" } のあとに正しい変数名がありません。
problem-env-file-expression-remedy = 値を一重引用符で囲むか、ドル記号を $$ と書いてください。
problem-env-file-required = { $name } の値に必要な変数 { $required } がどこにも設定されていません。
problem-env-file-export = 値のない変数が export されています。
problem-env-file-command = { $name } の値はコマンドの出力ですが、Mastoferry はコマンドを実行しません。
problem-env-file-command-remedy = 値そのものを書いてください。
problem-env-file-twice = { $name } が二回設定されています。
problem-env-file-too-large = env ファイルまたは変数の展開結果が大きすぎるため読めません。

## チャート

render-invented = 注：次のテンプレートが乱数で作る値は、ここでは仮の値です：{ $templates }
problem-chart-none = { $path } はチャートではありません。Chart.yaml がありません。
problem-chart-none-remedy = Chart.yaml のあるフォルダーか、`helm package` で作った .tgz を指定してください。
problem-chart-metadata = { $path } が正しくありません：{ $detail }
problem-chart-archive = アーカイブ { $path } は受け付けられません：{ $detail }
problem-chart-archive-remedy = もう一度ダウンロードするか、`helm package` で作ってください。
problem-chart-too-large = { $path } が、チャートに許される { $limit } バイトを超えています。
problem-chart-too-large-remedy = チャートに属さないものを .helmignore で外してください。
problem-chart-ignore = { $path } の「{ $pattern }」という書き方には対応していません。Helm も同様です。
problem-chart-not-a-table = { $name } の値はマッピングでなければなりません。
problem-chart-set = { $option } を読めません：{ $detail }
problem-chart-set-remedy = たとえば { $option } mastodon.web.replicas=2 と書きます。名前や値に含まれるカンマ、ドット、括弧の前にはバックスラッシュを付けてください。
problem-chart-index = { $path } はリポジトリーの索引ではありません：{ $detail }
problem-chart-digest = { $path } はリポジトリーが示すアーカイブと違います。ダイジェストは { $found } ですが、索引では { $expected } です。
problem-chart-digest-remedy = 使わないでください。もう一度ダウンロードし、それでも違うときはリポジトリーの運営者に尋ねてください。
problem-chart-dependencies = Chart.yaml に書かれたチャートが charts/ にありません：{ $names }
problem-chart-dependencies-remedy = `helm dependency build` で取得してください。
problem-chart-library = { $chart } はライブラリーです。ほかのチャートから使うもので、単独では何も出力しません。
problem-chart-release = 「{ $name }」はリリースの名前にできません。
problem-chart-release-remedy = 英小文字、数字、ハイフン、ドットで 53 文字まで、両端は英小文字か数字にしてください。
problem-chart-kubernetes = このチャートは Kubernetes { $wanted } を求めています。展開の対象は { $found } です。
problem-chart-syntax = テンプレートとして正しくありません：{ $detail }
problem-chart-failed = テンプレートの実行に失敗しました：{ $detail }
problem-chart-failed-remedy = 値がないか、テンプレートの想定と種類が違うことが多いです。
problem-chart-required = このチャートには { $key } が必要です：{ $message }
problem-chart-required-remedy = --values のファイルに書くか、--set { $name }=… で指定してください。
problem-chart-required-something = このチャートには値が必要です：{ $message }
problem-chart-refuses = このチャートはこの値を受け付けません：{ $message }
problem-chart-random = { $function } は展開のたびに新しいものを作り出すため、使えません。
problem-chart-random-remedy = 多くのチャートでは、代わりに既存の Secret を使えます。その名前を値で指定してください。
problem-chart-bound = テンプレートが上限（{ $bound }）を超えました。自分自身を呼び出していませんか。
problem-chart-not-a-manifest = テンプレートの出力がマニフェストになっていません：{ $detail }
problem-shared-pod = { $object } は 1 つの Pod で複数のコンポーネントを動かしています。チャートではそれぞれが別の Deployment になります。
problem-shared-pod-remedy = 先にコンポーネントごとのワークロードに分けてください。
problem-chart = { $path }: { $reason }

# 監査：違いとそのコード、その理由

audit-title = 監査
audit-equivalent = { $target } は { $source } と同じものをユーザーとコンテナーに与えます。
audit-differences = { $target } は { $source } と異なります。
audit-losses = { $target } では { $source } の一部が失われます。
audit-counts = 失われるもの：{ $losses } · そのほかの違い：{ $differences } · 説明のつく違い：{ $explained }
audit-chart = { $chart } で展開しました
audit-objects = そのほかのオブジェクト
audit-set = （設定あり）
audit-set-otherwise = （別の値）
audit-open = （制限なし）
audit-kind = { $code }（{ $meaning }）
audit-explained = 説明のつく違い
audit-how-to-accept = 意図した違いは --accept CODE:PATH で 1 つずつ受け入れられます
audit-head-code = コード
audit-head-path = 場所
audit-head-before = 旧環境
audit-head-after = 新環境
audit-head-place = 記述箇所
audit-default = 設定がなければ Mastodon が同じ値を使います
audit-not-read = このコンポーネントはこの環境変数を読みません
audit-pinned = ダイジェストで固定されているため、いつ取得しても同じイメージです
audit-image-user = イメージがもともとこのユーザーで動きます
audit-no-volume = 対象になるボリュームがありません
audit-as-before = 現在も同じです
accepted = 名前を挙げて受け入れ済みです（--accept）
problem-accept-unmatched = --accept で指定された名前に当てはまるものがありません：{ $names }
problem-accept-unmatched-remedy = 外すか、指定せずに実行したときに表示されるコードと場所を使ってください。
difference-does-not-render = チャートがこの値を受け付けません
difference-value-unread = チャートはこのキーを読みません
difference-not-recognised = 移行先に Mastodon が見つかりません
difference-patch-fails = チャートの展開結果にパッチを適用できません
difference-component-lost = このコンポーネントの仕事をするものがなくなります
difference-component-added = 以前はなかったコンポーネントです
difference-kind-changed = ワークロードの種類が変わります
difference-replicas-changed = Pod の数が変わります
difference-strategy-changed = Pod の入れ替え方が変わります
difference-rollout-changed = ロールアウトの設定が変わります
difference-sidecar-lost = サイドカーがなくなります
difference-sidecar-added = サイドカーが増えます
difference-init-container-lost = 初期化コンテナーがなくなります
difference-init-container-added = 初期化コンテナーが増えます
difference-image-changed = イメージが変わります
difference-image-unpinned = イメージがダイジェストで固定されなくなります
difference-pull-policy-changed = イメージを取得する時機が変わります
difference-command-changed = 実行するコマンドが変わります
difference-env-lost = 環境変数がなくなります
difference-env-changed = 環境変数の値が変わります
difference-env-added = 環境変数が増えます
difference-env-perhaps-changed = 新たに設定されます。中身の見えない Secret の値と違うかもしれません
difference-env-unseen-lost = 丸ごと取り込まれなくなります。中のキーは見えません
difference-env-unseen-added = 丸ごと取り込まれます。中のキーは見えません
difference-secret-key-missing = Secret にこのキーがなく、コンテナーが起動しません
difference-secret-key-unsure = Secret の中身が見えません。このキーがなければコンテナーは起動しません
difference-port-lost = ポートが宣言されなくなります
difference-port-added = ポートの宣言が増えます
difference-port-renamed = ポートの名前が変わります
difference-probe-lost = プローブがなくなります
difference-probe-changed = プローブの内容が変わります
difference-probe-added = プローブが増えます
difference-lifecycle-lost = ライフサイクルフックがなくなります
difference-lifecycle-changed = ライフサイクルフックが変わります
difference-resources-lost = リソースの要求または上限がなくなります
difference-resources-changed = リソースの要求または上限が変わります
difference-mount-lost = マウントがなくなります
difference-mount-changed = 別のものがマウントされます
difference-mount-added = マウントが増えます
difference-security-changed = コンテナーの実行権限が変わります
difference-scheduling-lost = Pod の配置の指定がなくなります
difference-scheduling-changed = Pod の配置の指定が変わります
difference-grace-period-lost = 終了までの猶予が Kubernetes の既定の 30 秒に戻ります
difference-grace-period-changed = 終了までの猶予が変わります
difference-service-account-changed = Pod のサービスアカウントが変わります
difference-annotation-lost = アノテーションがなくなります
difference-annotation-changed = アノテーションが変わります
difference-container-field-lost = コンテナーの設定項目がなくなります
difference-container-field-changed = コンテナーの設定項目が変わります
difference-pod-field-lost = Pod の設定項目がなくなります
difference-pod-field-changed = Pod の設定項目が変わります
difference-route-lost = 経路がなくなります。ほかの経路が代わりに応答することもあります
difference-route-changed = 応答するものが変わります
difference-route-added = 経路が増えます
difference-tls-lost = TLS で提供されるか分からなくなります
difference-tls-secret-unknown = TLS に使う Secret を作るものが見つかりません
difference-gateway-unknown = 経路のつながる Gateway を作るものが見つかりません
difference-front-changed = 経路を作るもののクラスまたは種類が変わります
difference-service-lost = Service がなくなります
difference-service-changed = Service のつなぎ先や扱いが変わります
difference-service-added = Service が増えます
difference-queue-unserved = このキューを処理するワーカーがありません
difference-second-scheduler = 予定の処理が複数のプロセスで動くことがあります
difference-job-lost = ジョブがなくなります
difference-job-changed = ジョブの内容が変わります
difference-job-added = ジョブが増えます
difference-hook-added = インストールやアップグレードのたびに実行されます
difference-schedule-lost = 定時の処理がなくなります
difference-schedule-changed = 定時の処理が変わります
difference-schedule-added = 定時の処理が増えます
difference-autoscaler-lost = オートスケーラーがなくなります
difference-autoscaler-changed = オートスケーラーの範囲または指標が変わります
difference-autoscaler-added = オートスケーラーが増えます
difference-disruption-budget-lost = PodDisruptionBudget がなくなります
difference-disruption-budget-changed = PodDisruptionBudget が変わります
difference-disruption-budget-added = PodDisruptionBudget が増えます
difference-object-lost = オブジェクトがなくなります
difference-object-changed = オブジェクトが変わります
difference-object-added = オブジェクトが増えます
difference-selector-stray = 以前見つけていた Pod を見つけられなくなります
# Compose から
reason-stays-on-host = このサービスは Docker のホストでそのまま動き続けます
reason-variable-form = 名前と値を分けて書きます
reason-interpolated = Compose が変数を埋め込んだ結果を書きます
reason-words = コマンドは単語に分けて書きます
reason-env-file = このファイルの設定は ConfigMap か Secret に入ります
reason-service-port = 公開していたポートは、Ingress や Gateway の後ろの Service になります
reason-volume-claim = ホストのフォルダーやボリュームは、クラスターの PersistentVolumeClaim になります
reason-file-mount = ホストのファイルは、それから作る ConfigMap になります
reason-healthcheck = ヘルスチェックはプローブになり、Compose の既定値も書き出します
reason-start-order = Kubernetes はすべてを同時に起動し、データベースなどにつながらないものは起動し直します
reason-always-restarted = Deployment の Pod はつねに起動し直されます
reason-cluster-network = Pod と Service はクラスターのネットワークで互いを見つけます。誰が誰に届くかは NetworkPolicy で決めます
reason-pod-name = Pod の名前は Deployment が付けます。ほかからは Service で見つけます
reason-node-setting = ホストがコンテナーにしていたことは、クラスターのノードに任されます
reason-proxy-labels = ラベルがプロキシーに伝えていたことは、Ingress か HTTPRoute に書きます
reason-proxy-options = ホスト上のプロキシーのオプションです。Ingress コントローラーには独自のものがあります
reason-docker-label = Docker のコンテナーを世話するプログラムのためのラベルです
reason-image-built = Kubernetes はイメージをビルドせず、レジストリーから取得します
reason-rollout = 新しい Pod への入れ替え方は Deployment が決めます
reason-placement = Swarm のノードの指定で、クラスターのノードとは別です
reason-quantity = 同じ意味を Kubernetes の書き方で書きます
reason-project-form = プロジェクトの組み立て方を示すものです
reason-not-switched-on = 有効なプロファイルがなく、このサービスは動いていません
reason-unused = どこからも使われていません
reason-service-name = この名前の Service は Kubernetes では作れないため、設定には新しい名前を書きます
reason-store-elsewhere = 指定されたとおり、別のアドレスに替えます
reason-store-in-cluster = クラスターの中に新しく作ります
reason-taken-apart = 1 つのコンテナーで動いていた部分に、それぞれの Pod を用意します
reason-cluster-default = Compose の既定値は誰も書いていないので、Kubernetes の既定値に従います
reason-made-anew = もとはなかったものを、新しく作ります
why-routed-beside = オフ：経路は、この値と一緒に書き出した Ingress か HTTPRoute が担います
decisions-title = 決めていただくこと
decisions-intro = まだ何もクラスターにはありません。適用する前に、次のことが必要です。
decisions-head = 決めていただくこと：
effects-title = コンテナーが受け取るものの違い
effects-intro = Mastodon の各部分について、ホストのコンテナーとしてと、Pod としてを比べました。ここにないものは同じです。
effects-component = 部分
effects-field = 項目
effects-before = ホストでは
effects-after = クラスターでは
effects-reason = 理由
decide-scheduler = 新しいワーカーを適用する前に、ホストの { $service } を止めてください。スケジューラーが同時に 2 つ動いてはいけません。
decide-proxy = { $service } はホストに残り、もとのコンテナーにつながったままです。ドメインがクラスターの Ingress や Gateway を指すと、利用者は新しい側に届きます。
decide-domain = ドメインを示す設定が手元にありません。Ingress か HTTPRoute の { $host } をお使いのドメインに書き換えてください。
decide-claim = Compose には容量が書かれていないため、{ $claim } は { $size } にしています。容量とストレージクラスを決め（--claim-size）、{ $from } のデータをコピーしてください。
decide-address = { $service } はクラスターの外に残ります。Pod からの届き先を --address { $service }=ホスト で指定してください（いまは { $address } です）。
decide-empty-store = { $service } は新しく空で作られます。データは、両方の側の Mastodon を止めている間に移します：「docker compose exec { $service } redis-cli save」で dump.rdb を書き出し、新しい側が起動する前に data-{ $name }-0 に置いてください。
decide-empty-database = { $service } は CloudNativePG の Cluster { $cluster } として、新しく空で作られます。オペレーター（1.24 以降）が必要です。先に Secret { $secret } を作ってください（SECRETS.md）。つねにパスワードを求めるので、Mastodon の DB_PASS にも同じものが必要です。データは、両方の側の Mastodon を止めている間に移します：docker compose exec -T { $service } pg_dump -U { $user } -Fc { $database } | kubectl exec -i { $cluster }-1 -c postgres -- pg_restore --no-owner --no-comments --role={ $owner } -d { $database }
decide-secret-from-file = { $file } が手元にありません。これから Secret を作ってください：kubectl create secret generic { $secret } --from-env-file={ $file }。kubectl は引用符をそのまま残し、「export」や「$NAME」も解釈しません。先にそれらを使わない形に書き直してください。コンテナーに直接書かれた設定のほうが優先されます。
decide-file-to-config-map = このファイルから ConfigMap を作ってください：kubectl create configmap { $config_map } --from-file={ $key }={ $file }
decide-built-image = { $service } の { $image } は Compose がビルドしています。クラスターから届くレジストリーに push してください。
decide-service-name = { $service } という名前の Service は作れず、書かれている場所もここでは変えられません。その設定を { $name } にしてください。
decide-host-name = { $service } は { $host } を指しています。Docker のホストではホスト自身ですが、Pod の中では違います。Pod から届くアドレスにしてください。
decide-web-finger = アカウントは { $host }、ページは { $web } です。{ $host } で応答するものが、/.well-known/webfinger を { $web } に転送する必要があります。
problem-bundled = { $object } のイメージ { $image } は、web、streaming、Sidekiq をひとつのコンテナーの中で独自に起動しており、どれも単独では動きません。
problem-bundled-remedy = 先に公式のイメージに移ってください：web と Sidekiq は ghcr.io/mastodon/mastodon、streaming は ghcr.io/mastodon/mastodon-streaming です。Mastodon の設定はそのまま使えます。PUID、PGID、TZ、SIDEKIQ_ONLY はこのイメージだけのもので、不要になります。メディアは config/mastodon/public/system にあります。
problem-address-needed = { $service } を別の場所に置くよう指定されていますが、場所がわかりません。
problem-address-needed-remedy = --address { $service }=ホスト を指定するか、--stores を外してください。外せば、いまの場所に残ります。
problem-shared-service = { $service } は { $object } の複数の部分か、同じ Pod の中で localhost のそれらにつなぐプロキシーにつながっています。分けた後は、セレクターでそのうちひとつしか選べません。
problem-shared-service-remedy = 部分ごとに Service を用意し、経路をそこへ向けてください。
problem-compose-only-convert = Compose のプロジェクトは、調べることと変換することはできますが、計画とリハーサルはまだできません。まだ何もクラスターにないためです。
problem-compose-only-convert-remedy = `mastoferry convert --out フォルダー` を使ってください。書き出したものが動き始めれば、そこから計画できます。
## Kustomize のツリー

kustomize-base =
    リリースを構成するものです。どのサーバーでも同じで、サーバーごとの名前や数はオーバーレイにあります。
kustomize-dark =
    旧環境の隣に置けるものです。利用者はまだここには届きません。
    利用者が移った後は、代わりに { $overlay } を適用します。
kustomize-whole =
    旧環境がなくなった後に存在するもの全てです。それまで適用しないでください。Service が新環境に向きます。
    それまでは { $dark } を使います。
kustomize-withheld =
    データベースを変更します。どのビルドにも含まれません。時期が来たら人が実行します。
problem-kustomize-differs = Kustomize のツリーを書き出しませんでした。{ $path } のビルド結果が、あるべきものと違います（{ $object }）。
problem-kustomize-differs-remedy = Mastoferry の不具合です。ご報告ください。--to manifests なら同じオブジェクトを書き出せます。

## ツールでの配備

convert-fill-in = 使う前に記入してください：{ $files } の { $place }
kustomize-inflates =
    helm が values.yaml から作るものに、supplements/ のオブジェクトとパッチを加えます：
      kustomize build --enable-helm .
    フックは除きます（skipHooks）。Argo CD は同期のたびにチャートのマイグレーションを実行してしまうためです。
argo-cd-helm =
    Argo CD には post-renderer がなく、パッチがないと失われるものがあります。そのため Kustomize でチャートを展開します。
    ConfigMap argocd-cm に次の設定が必要です：
      kustomize.buildOptions: --enable-helm
    同期は手動で、何も削除しません（Prune=false）。旧環境がまだ動いているためです。自動の同期と削除は、旧環境がなくなってから
    有効にしてください。withheld/ と switched/ は含みません。データベースを変更するジョブは人が実行し、Service は新環境の準備が
    できてから切り替えます。
argo-cd-kustomize =
    同期は手動で、何も削除しません（Prune=false）。旧環境がまだ動いているためです。利用者が移った後は、path から /dark を
    取り除いてください。自動の同期と削除は、旧環境がなくなってから有効にしてください。
argo-cd-manifests =
    同期は手動で、何も削除しません（Prune=false）。旧環境がまだ動いているためです。利用者が移った後は、他のフォルダーも含めて
    ください：
      include: "{"{"}green/*,adopted/*,switched/*,kept/*{"}"}"
    withheld/ は含めないでください。データベースを変更するジョブで、人が実行します。
flux-repository =
    Flux がチャートを取得する場所です。
flux-release =
    values.yaml の値と supplements/ のパッチを Flux 向けに書いたものです。Flux が読むのはこのファイルです。
    フックは無効です。旧環境がまだ使っているデータベースをマイグレーションしてしまうためです。差分は知らせるだけで直しません。
    旧環境がなくなったら driftDetection.mode を enabled にしてください。
flux-supplements =
    チャートに置き場所のないオブジェクトです。リリースより先に適用してください。旧環境が動いている間は何も削除しません。
flux-kustomize =
    旧環境の隣に置けるものです。利用者が移った後は、path から /dark を取り除いてください。
    prune は、旧環境がなくなってから true にしてください。
flux-manifests =
    最初のものは旧環境の隣に置けます。他は停止してあります（suspend）。利用者が移った後に再開してください。
    withheld/ は含みません。データベースを変更するジョブで、人が実行します。
skaffold-helm =
    helm 3 の場合：        skaffold deploy --profile { $release }
    どの helm でも：       skaffold deploy --profile { $release }-kustomize
    Skaffold 自身が Helm の post-renderer です。Helm 4 はひとつしか受け付けないため、最初のプロファイルには helm 3 が必要です。
skaffold-stages =
    旧環境の隣に：         skaffold deploy --profile { $release }-dark
    旧環境がなくなったら： skaffold deploy --profile { $release }
## Helm リリースへの移行

step-record-release-title = Helm への登録
step-record-release-what = チャート、values、いま動いている全オブジェクトを、Helm 自身の形式で記録します。以後は `helm list`、`helm get`、`helm upgrade` で扱えます。この手順でオブジェクトが変わることはありません。
step-record-release-check = `helm list` にリリースが deployed と表示され、`helm get values` に values が表示されます。
step-record-release-undo = 下に示した Secret を削除します。Helm の登録が消えるだけで、オブジェクトは変わりません。
runbook-header-chart = チャート
runbook-header-patched = values のほかにパッチを当てるもの
runbook-header-supplements = チャートのほかに加えるもの
runbook-helm-files = 以下のコマンドは、次の 2 つを置いたフォルダーで実行します。`mastoferry convert { $source } --to helm --out DIR` が書き出すもの（`values.yaml` と `supplements/`）と、この計画を保存した `plan.json`（`mastoferry plan … --out plan.json`）です。`kubectl`、`helm`、`jq` が必要です。
why-restarts-pods = 無効：アップグレードのたびに全 Pod が再起動してしまいます。設定が変わったときはチャートのチェックサムが再起動させます
report-helm = リリース
report-helm-lead = 新環境は Helm チャートのリリースです。あとから変更するときは、「mastoferry convert」が書き出すファイルと次のコマンドを使います。
report-helm-chart = チャート
report-helm-values = チャートの既定と異なる values
report-helm-patched = パッチを当てるチャートのオブジェクト
report-helm-supplements = チャートのほかに加えるオブジェクト
report-helm-none = なし
problem-chart-shape-only = { $chart } は形しか分かっていません。チャートそのものがないと計画は立てられません。
problem-chart-shape-only-remedy = --chart でチャートのフォルダーか、`helm pull` で取得した .tgz を指定してください。または --chart new を使ってください。
problem-chart-makes-secret = このチャートは values から { $object } を作ろうとします。計画には秘密の値を含められません。
problem-chart-makes-secret-remedy = Secret を先に作り、元の構成でその名前を指定してください。チャートはそれをそのまま使います。
problem-patch-does-not-fit = { $object } へのパッチが、チャートの出力に合いません：{ $reason }
problem-patch-does-not-fit-remedy = チャートが、対応表の版と異なっています。--chart new を使うか、チャートの名前と版を添えて報告してください。
## 秘密の値だけのフォルダー

secrets-written = Secret を { $path } に書き出しました（本人だけが読めます）：値が揃ったもの { $whole }、記入が必要なもの { $templates }
secrets-template =
    { $secret } には、移行元に書かれていない値があります。Secret がすでにクラスターにあるなら、別のクラスターに移るとき以外は
    不要です。FILL-IN を全て記入してから：kubectl apply -f ファイル
secrets-create =
    Secret を作成します。隣のマニフェストも同じ内容です：kubectl apply -f フォルダー
    終わったらこのフォルダーを削除してください。
problem-secrets-inside = { $path } に Secret を書き出すことはできません。{ $out } と一方が他方の中にあり、{ $out } は他の人も読むものです。
problem-secrets-inside-remedy = その隣に、Secret だけのフォルダーを指定してください。
problem-secrets-in-git = { $path } に Secret を書き出すことはできません。Git の作業ツリーの中にあり、無視される設定になっていません。
problem-secrets-in-git-remedy = その外のフォルダーを指定するか、.gitignore に加えてください。
# リリースの移行
list-comma = 、
store-elasticsearch = Elasticsearch
problem-embedded-stores = リリース { $release } は { $stores } を内蔵しています：{ $workloads }。リリースの一部なので、リリースとともに消えます。
problem-embedded-stores-remedy = 先に、リリースより長く残るストアへデータを移してください。データベースはダンプから復元した独立のものへ、Redis はレプリケーションか RDB で、検索インデックスは `tootctl search deploy` で作り直せます。続いて values の { $switches } を false にして新しいホスト名を書き、アップグレードしてから変換し直してください。それまでは `helm uninstall` を実行しないでください。これらのワークロードと Service、パスワードの入った Secret が削除されます。ボリュームの要求（{ $claims }）と中のデータは残ります。
problem-post-rendered = リリース { $release } のオブジェクトは、チャートが作ったあとに postRenderers で変更されています。実際の姿は values からは分かりません。
problem-post-rendered-remedy = 実際に動いているもの（cluster:名前空間、または `kubectl get -o yaml` で書き出したフォルダー）を指定してください。
reason-chart-writes = 旧チャートではこの一部として書かれ、それがここにあります
reason-chart-decides = 旧チャートがこれを決めるために読み、ここでも同じです
reason-chart-withholds = これを置かないための値で、ここにもありません
reason-never-read = チャートが読まないキーです
reason-switched-off = このキーが有効なときだけ読まれますが、有効ではありません
reason-others-win = チャートは読みますが、ほかの値があるので何も変わりません
reason-hook-withheld = 両側が同じデータベースを使う間、フックは切ってあります。Job は withheld/ にあり、手で実行できます
reason-upload-hook = アップグレード前にアセットを S3 へ送るフックの値です。フックは書き出しません。アップグレードの前に新しい values の mastodon.hooks.s3Upload を設定してください
reason-ran-once = 旧リリースの初回インストール時に動いたもの、またはテストだけに関わります
reason-other-chart = 同じ親チャートの別のチャートの値です。そのままにします
reason-old-chart = 旧チャートの指定です。新しいチャートに置き換わります
reason-old-release = 旧リリースの名前や場所です。新しいリリースはその隣に置かれます
reason-values-from = values の出どころです。値はそれぞれの場所で数えています
reason-old-driver = コントローラーが旧リリースを動かすための指定です。移行の間は止めてください（OLD-RELEASE.md）
reason-filled-in = 空けてあったところは、クラスターへ届くまでに埋められました
reason-keep-repaired = Helm が知らない注釈で書かれていました。実際に残す方法は OLD-RELEASE.md にあります

# 旧リリース
old-release-title = 旧リリース：なくしてはいけないもの
old-release-intro = 新しいリリース { $new } は、別の名前で旧リリースの隣に置かれ、旧リリースのオブジェクトを引き続き使います。旧リリースに `helm uninstall` を実行しないでください。メディアのボリュームも含めて削除されます。代わりに、次の順に進めてください。
old-release-chapter = リリース { $name }
old-release-pause-flux = はじめに：HelmRelease を止める
old-release-pause-flux-text = Flux は旧リリースを繰り返し適用し、移行を打ち消します。止めてください。Kustomization が適用しているなら、Git でも止めてください。
old-release-pause-argo = はじめに：自動同期を止める
old-release-pause-argo-text = 自動同期、自己修復、削除が有効だと、Argo CD が移行を打ち消します。止めてください。別の Application や ApplicationSet が適用しているなら、Git でも止めてください。
old-release-pause-kustomize = はじめに：ツリーの適用を止める
old-release-pause-kustomize-text = Kustomize はチャートを出力するだけで、リリースを残しません。削除付きで適用する仕組みがあると、ツリーから外したものが消えます。それを止め、チャートをツリーから外すのは最後にしてください。
old-release-keep = 残すものを守る
old-release-keep-text = 新環境と利用者は次のオブジェクトを使い続けます。この注釈があれば `helm upgrade` では削除されません。`helm uninstall` はリリースの記録にある注釈を読むので、それでも削除します。旧チャートの keepAfterDelete が書く helm.sh/hook-delete-policy は、ここでは Helm に無視されます。
old-release-keep-argo = 残すものを守る
old-release-keep-argo-text = 新環境と利用者は次のオブジェクトを使い続けます。この注釈があれば、Argo CD は同期のときにも、Application とともにも削除しません。Argo CD はチャートを出力するだけで Helm を実行しないので、helm.sh/resource-policy は無視されます。
old-release-keep-kustomize = 残すものを守る
old-release-keep-kustomize-text = 新環境と利用者は次のオブジェクトを使い続けます。一つ目の注釈があれば Argo CD は削除せず、二つ目があれば Flux の Kustomization は削除しません。`kubectl apply --prune` はどちらも無視するので、このツリーにはもう実行しないでください。
old-release-delete = 使われなくなったものを削除する
old-release-delete-text = 利用者とキューが新環境に移り、戻らないと決めてからにしてください。移行を実行した場合は済んでいます。
old-release-forget = リリースを手放す
old-release-forget-text = Helm の記録だけを削除します。その後は `helm list` に { $name } は現れず、上のオブジェクトはそのまま残ります。
old-release-forget-flux = リリースを手放す
old-release-forget-flux-text = 止めてある間は、HelmRelease を削除しても何もアンインストールされません。先に Git から外さないと戻ってきます。その後で Helm の記録を削除します。
old-release-forget-argo = Application を手放す
old-release-forget-argo-text = ファイナライザーがなければ、Application を削除してもほかは何も削除されません。先に Git から外さないと戻ってきます。Argo CD は Helm のリリースを残しません。
old-release-note-flux = Flux が移行を打ち消します。先に { $name } を止めてください（OLD-RELEASE.md）
old-release-note-argo = Argo CD が移行を打ち消します。先に { $name } の自動同期を止めてください（OLD-RELEASE.md）
old-release-note-kustomize = { $name } を出力するツリーの適用が移行を打ち消します。先に止めてください（OLD-RELEASE.md）
old-release-note-helm = リリース { $name } のオブジェクトを使い続けます。`helm uninstall` を実行しないでください（OLD-RELEASE.md）
old-release-note-tag = { $release } の values に image.tag がなく、チャートの版（{ $title }）も既知のものではないため、{ $tag } とみなしました。動いているタグを values に書いて、変換し直してください。
# 監査：違いとそのコード、その理由

problem-chart-remedy = `new`、`old`、またはどちらかのチャート（フォルダー、.tgz、REPOSITORY/NAME、https://…/NAME）を指定してください。

# リポジトリーにあるチャートと、チャートの表示
problem-repository-address = { $address } はリポジトリーのアドレスではありません：{ $reason }
problem-repository-address-remedy = たとえば https://charts.example.org のように指定してください。
problem-repository-unknown = その名前のファイルもフォルダーもなく、Helm にも「{ $name }」というリポジトリーは登録されていません（{ $path }）。
problem-repository-unknown-remedy = 実在するフォルダーか .tgz を指定するか、`helm repo add { $name } URL` で登録するか、アドレス（https://…/NAME）を指定してください。
problem-repository-special = リポジトリー「{ $name }」は Helm に { $field } 付きで登録されていますが、ここでは対応していません。
problem-repository-special-remedy = `helm pull` でチャートを取得し、そのアーカイブを指定してください。
problem-repository-no-chart = リポジトリー { $address } に「{ $name }」というチャートはありません。あるのは次のものです：{ $known }
problem-repository-no-version = リポジトリー { $address } の { $name } に「{ $version }」に合うバージョンはありません。あるのは次のものです：{ $known }
problem-repository-no-digest = リポジトリー { $address } は { $name } のダイジェストを示していないため、正しいアーカイブかどうかを確かめられません。
problem-repository-no-digest-remedy = 信頼できるなら `helm pull` で取得し、そのアーカイブを指定してください。
problem-unfetched = { $address } を取得できません：{ $reason }
problem-oci = OCI レジストリーのチャートには対応していません：{ $address }
problem-oci-remedy = `helm pull { $address }` で取得し、そのアーカイブを指定してください。
repository-offline = 注：{ $address } から応答がないため（{ $reason }）、前回取得した索引を使います。
problem-chart-schema =
    値が { $chart } の values.schema.json に合いません：
    { $list }
problem-chart-schema-remedy = 値を直してください。Helm と同じく --skip-schema-validation で検査を省くこともできます。
problem-chart-bad-schema = { $chart } の values.schema.json が正しくありません：{ $detail }
problem-chart-no-template = 何かを出力するテンプレート { $template } は、このチャートにありません。
problem-chart-no-template-remedy = テンプレートはチャートの中のパスで指定します：--show-only templates/web.yaml
problem-chart-kube-version = 「{ $version }」は Kubernetes のバージョンではありません。
problem-chart-kube-version-remedy = たとえば --kube-version 1.35.0 のように指定してください。

## チャートの既知の欠陥

defects-title = { $chart } の既知の欠陥
defects-intro = このバージョンで欠陥または意外な動作として知られ、このサーバーに関わるものと、その対処です。
defects-line = { $chart } の既知の欠陥 { $count } 件は、すべて回避または修復しました（DEFECTS.md に一覧）
defect-no-grace = Pod に猶予期間も停止前の処理も与えないため、Sidekiq がジョブを戻している間に強制終了されることがあります。今の設定をパッチで引き継ぎます。
defect-scheduler-guard = キュー「scheduler」を持つワーカーの複数レプリカを拒みますが、「scheduler,1」や二つ目のワーカーは見逃します。レプリカを 1 としました。
defect-hooks-on-blue = フックは旧環境が使っているデータベースを移行し、そのジョブには一部の設定が渡りません。無効にしました。
defect-unquoted = ConfigMap に引用符なしで設定を書くため、数値や真偽値は API サーバーに拒否されます。該当する設定はパッチに書きました。
defect-replica-for-streaming = ストリーミングの接続先を、今とは異なりデータベースのレプリカにします。パッチで戻します。
defect-ldap-key = LDAP のパスワードを、読み取るものとは別のキーに保存します。既存の Secret を参照します。
defect-search-certificate = 検索用の証明書の場所を示しますが、そこには何もマウントしません。マウントはパッチに書きました。
defect-route-on = 既定で、例示用の Gateway への HTTPRoute を作ります。無効にしました。
defect-ingress-on = 既定で、例示用ドメインの Ingress を作ります。無効にしました。
defect-keep-annotation = チャートが作る PVC は、keepAfterDelete の値にかかわらず、リリースの削除と同時に消えます。付けるアノテーションが Helm の読むものではないためです。既存の PVC を参照し、チャートには作らせません。
defect-assets-hidden = イメージに含まれるアセットの上に PVC をマウントします。パッチで取り除きます。
defect-volumes-invalid = 値「volumes」と「volumeMounts」は、API サーバーに拒否される内容になります。ボリュームはパッチに書きました。
defect-media-removal-on = 既定で、古いメディアを毎週削除します。無効にしました。今の掃除の仕組みはそのまま続きます。
defect-secrets-shown = OIDC のクライアントシークレット、LDAP のパスワード、SAML の秘密鍵、レプリカのパスワードを ConfigMap に書きます。いずれも値には書かず、コンテナーはパッチで Secret を参照します。
defect-nil-mappings = SAML、CAS、LDAP を使うには、宣言されていないマッピングを与えないと展開できません。与えてあります。
defect-pam-refused = PAM を有効にすると展開できません。設定は mastodon.extraEnvVars に書きました。
defect-stray-variable = 試験の名残の変数 TEST_ENV_VALUE を web に渡します。パッチで取り除きます。
defect-own-stores = 既定で、空のデータベース、Redis、検索エンジンを自前で立てます。そのイメージはもう保守されていません。無効にしました。
defect-ldap-reference = LDAP のパスワードを、API サーバーに拒否される形で参照します。代わりにパッチで参照します。

## 補足分

supplements-title = チャートに置き場所がないもの
supplements-helm-head = Helm で
supplements-helm = ポストレンダラーが、Helm の展開結果にパッチを重ね、オブジェクトを加えます。インストールでも更新でも毎回行われます。CHART には、この値を書いた対象のチャートを指定します。
supplements-apply-head = Helm なしで
supplements-apply = 全体を、フィールドマネージャー「mastoferry」の所有として適用します。値を変えるたびに適用し直してください。ほかのマネージャーが設定したものには触れず、衝突は知らされます。
supplements-onto-head = すでにあるリリースの上に
supplements-onto = 最後の行を実行し終えるまで、Pod にはパッチの内容が欠けています。移行ではなく修復に使ってください。ポストレンダラーなしで Helm の更新をすると、パッチは失われます。パッチは取り除くことも行いますが、それはサーバーサイド適用にはできません。

## 誤った入力

chart-namesake = { $name } { $version } という名前ですが、values が mastodon/helm-charts のものでも mastodon/chart のものでもありません
problem-chart-syntax-remedy = 誤りは values ではなくチャートにあります。リリース済みのバージョンを使うか、テンプレートを直してください。Helm もこのチャートを受け付けません。
problem-chart-not-a-table-remedy = values のファイルには「mastodon:」のようなキーとその中身を書きます。ファイルは合っていますか。
problem-values-mapping-remedy = リストや単独の文字列ではなく、キーと値を書いてください。ファイルは合っていますか。
problem-values-list-remedy = 項目を 1 行に 1 つずつ、ハイフンに続けて書いてください。
problem-unreadable-remedy = パスと、読み取りの権限があるかを確かめてください。
problem-out-is-file = { $path } はファイルです。何も書き出していません。
problem-out-is-file-remedy = 新しいフォルダーを指定してください。
problem-no-values-file = values のファイル { $path } がありません。
problem-no-values-file-remedy = パスを確かめてください。コマンドを実行したフォルダーが起点です。
note-open-secret = values に秘密の値がそのまま書かれています。Secret に移し、values にはその名前を書いてください
difference-secret-in-values = 秘密の値がそのまま書かれています。代わりに Secret の名前を書いてください
problem-chart-nearest = チャートのバージョンは { $version } ですが、values は { $known } について分かっていることをもとに書いています。それが原因かもしれません。
problem-chart-nearest-remedy = 分かっているバージョンのチャートを使うか、各行を確かめて意図したものを受け入れてください。
problem-chart-required-something-remedy = --values のファイルか --set で指定してください。どの値かは、チャートのメッセージとテンプレートの行を見てください。
# Compose から：ほかに人が決めること
decide-gateway = HTTPRoute がどの Gateway に属するのか、どこにも書かれていません。{ $gateway } をお使いの Gateway に書き換えてください（--gateway [名前空間/]名前 で指定できます）。
decide-listener = Gateway には、{ $hosts } の TLS を終端し、Mastodon の名前空間からの経路を受け入れるリスナーが必要です。99 MB のアップロードと、何時間も開いたままの WebSocket も通してください。
decide-late-env-file = { $service } では、Compose が { $file } を前のファイルの上に重ねますが、このファイルが手元にありません。{ $names } のうち { $file } が設定するものは、ホストではその値になります。こちらでは Secret の中身にかかわらず、前のファイルの値になります。どれかを設定していないか確かめてください。
decide-env-file-dialect = kubectl --from-env-file は { $file } を Compose と違う値に読みます（変数と行）：{ $names }。このファイルからそのまま Secret を作らないでください。`mastoferry convert --secrets フォルダー` なら、いまコンテナーが受け取っている値を書き出します。
decide-env-file-refused = kubectl --from-env-file は { $file } の { $line } 行目を受け付けません。このファイルからそのまま Secret を作らないでください。`mastoferry convert --secrets フォルダー` なら、いまコンテナーが受け取っている値を書き出します。
decide-project-secret = プロジェクトの secrets がファイルとしてマウントされています。先に Secret { $secret } を作ってください。コマンドは SECRETS.md にあります。
reason-secret-mount = プロジェクトの secrets は、それから作る Secret のファイルになります
secrets-of-project = プロジェクトの secrets
secrets-of-project-text = もとと同じパスにファイルとしてマウントされます。プロジェクトのあるところで実行してください。値はコマンドラインを通りません。
secrets-dialect = kubectl が違う値に読むファイル
# 複数の部分を選ぶ Service
problem-mixed-service = { $service } はポートごとに別の部分（{ $parts }）につながっています。新環境のセレクターはひとつの部分しか選ばないので、残りに利用者が届かなくなります。
problem-mixed-service-remedy = 部分ごとに、その部分だけを選ぶ Service を用意して経路をそこへ向け、変換し直してください。
decide-empty-search = { $service } は新しく空で作られます。新環境が動いたら、「tootctl search deploy」でデータベースから作り直してください。
decide-database-proxy = { $service } はデータベースへのプロキシーです。そのまま残り、ホストのデータベースにつながるので、データベースは新しく作られません。クラスターの中に置くには、DB_HOST にデータベース自身を指定し、後から CloudNativePG の Pooler を前に置いてください。
secrets-of-database = データベースの { $secret } を作る
secrets-of-database-text = CloudNativePG がこれからユーザーを作ります。パスワードは、Mastodon が DB_PASS として受け取るものと同じにしてください。

# 負荷のプロファイル
problem-load-unread = { $name } は負荷のプロファイルの名前でも、読み取れるファイルでもありません：{ $detail }
problem-load-unread-remedy = steady、small、evening、festival、visitors のいずれか、または docs/load.md の形式で書いたファイルのパスを指定してください。
problem-load-documents = 負荷のプロファイルは一つの文書でなければなりません。
problem-load-documents-remedy = 「---」で区切らず、一つのファイルにまとめてください。
problem-load-mapping = { $what } がキーと値の組になっていません。
problem-load-mapping-remedy = その下にキーと値を書いてください。プロファイルの全体の例は docs/load.md にあります。
problem-load-list = { $what } にはリクエストが一つもありません。
problem-load-list-remedy = クラスを一つ以上書き、その下にリクエストを並べてください。例：「- get: /」
problem-load-unknown = キー { $key } はここでは意味を持ちません。
problem-load-unknown-remedy = 使えるキー：{ $known }
problem-load-missing = キー { $key } がありません。
problem-load-missing-remedy = プロファイルに必要なものは docs/load.md にあります。
problem-load-both = { $first } と { $second } は同じことを指すか、互いに矛盾します。
problem-load-both-remedy = どちらか一方だけを残してください。
problem-load-number = { $key } が { $low } から { $high } までの数ではありません。
problem-load-number-remedy = 単位を付けず、数だけを書いてください。
problem-load-choice = { $key } にこの値は使えません。
problem-load-choice-remedy = 使える値：{ $choices }
problem-load-size = { $key } が Mastodon の受け付ける大きさではありません。
problem-load-size-remedy = バイト数、または kB、KiB、MB、MiB を付けた数で、99 MiB 以内で書いてください。
problem-load-path = { $key } がパスではありません。
problem-load-path-remedy = ホスト名を除き、スラッシュで始めてください。空白は %20 と書きます。例：「/api/v1/timelines/home」

# 実際のクラスターの名前空間で行うリハーサル
staging-title = まだ何も作成していません。{ $context } の名前空間 { $namespace } で行うリハーサルの内容は次のとおりです。
staging-made = 旧環境として作成するもの（すべてにラベル mastoferry.dev/staging を付けます）：
staging-left-out = 作成しないもの（名前空間の外に影響する、権限を与える、または独自に処理を始めるため）：
staging-secrets = 用意しておく必要がある Secret（値はリハーサル専用のもの。本番からは何もコピーしません）：
staging-hosts = ホスト名の置き換え：
staging-settings = 本番の設定を上書きするもの：
staging-warnings = 注意：
staging-warning-copy = ストアに本番のデータのコピーがある場合、Sidekiq はそのジョブとフォロワーを見つけます。事前にキューを空にし、外部に何も送られないようにしてください。
staging-warning-egress = NetworkPolicy により、Pod はプライベートアドレスにしか接続できません。メールも投稿も外に出ません。ただし、クラスターのネットワークがこのポリシーに対応している必要があります。
staging-warning-egress-open = Pod は外部のどこにでも接続できます。メールや投稿が外に出る可能性があります（--open-egress）。
staging-warning-no-host = --host がないため、Ingress と HTTPRoute は作成しません。リクエストは API サーバーを経由して Service に届きます。
staging-findings = 解決が必要なもの：
staging-approve = 必要なものはすべて揃っています。同じコマンドに --approve を付けると開始します。作成したものは、--keep を指定しない限り最後に削除します。
staging-not-yet = これらが解決するまで開始できません。
staging-finding-live = 名前空間 { $namespace } は利用者が使っているものです。別の名前空間を指定してください。
staging-finding-no-namespace = 名前空間 { $namespace } がありません：kubectl create namespace { $namespace }
staging-finding-occupied = 名前空間 { $namespace } では { $object } が動いています。空の名前空間を使うか、リハーサル用であることを示してください：kubectl label namespace { $namespace } mastoferry.dev/staging=true
staging-finding-taken = { $object } は名前空間 { $namespace } にすでにあり、以前のリハーサルのものではありません。
staging-finding-secret = 名前空間 { $namespace } に Secret { $secret } がありません。
staging-finding-store = { $key } が本番のものを指しています。--setting または Secret で別の値を指定してください。その名前空間の Service であれば --stores-in-namespace、意図したものであれば --share を指定してください。
staging-finding-nowhere = --setting { $key }：この設定を持つ ConfigMap もコンテナーもありません。Secret にある場合は、その Secret に書いてください。
staging-making = 旧環境を作成しています
staging-leftovers = 以前のリハーサルの残りがあるため、先に削除します
staging-kept = 作成したものは名前空間 { $namespace } に残っています（ラベル mastoferry.dev/staging）
staging-removed = 名前空間 { $namespace } に作成したものをすべて削除しました
staging-left = まだ残っているもの：{ $objects }
staging-no-sockets = クラスターでは WebSocket を保持しません。API サーバーから Service への経路は入口ではないためです
problem-staging-refused =
    名前空間 { $namespace } でのリハーサルを開始できません：
    { $list }
problem-staging-refused-remedy = --approve を付けずに実行すると、作成するものと必要なものをすべて確認できます。
problem-staging-make = 旧環境をそこに作成できません：{ $detail }
problem-staging-make-remedy = 表示されたオブジェクトを確認してください。それより前に作成したものは削除しました。
problem-staging-not-ready = 作成した旧環境が準備完了になりません：{ $detail }
problem-staging-not-ready-remedy = kubectl で Pod を確認してください（--keep を付けると残ります）。ストアに Mastodon のテーブルがない、または Secret に別のアドレスが入っていることがよくあります。
problem-staging-again = クラスターで行うリハーサル（{ $namespace }）は途中から再開できません。
problem-staging-again-remedy = 同じ rehearse コマンドをもう一度実行してください。残ったものを削除して最初から始めます。

# 利用者の行動と、投稿がタイムラインに届くまで
terminal-use = 用途
terminal-delivery = 投稿の配信
terminal-delivery-value = 投稿 { $posts } 件、すぐには表示されなかったもの { $unheard } 件、99 % は { $p99 }以内、最長 { $longest }
use-assets = 静的ファイル
use-browsing = 閲覧
use-federation = 連合
use-health = 稼働確認
use-media = メディア
use-posting = 投稿
# 入口
plan-front = 入口：{ $front }（{ $by }）
plan-front-assumed = 入口：{ $front } と仮定しました。何が利用者を Pod へ導くかを示すものが移行元にありません。--front で指定できます。
front-gateway = Gateway API
front-gce = Google Cloud ロードバランサー（gce）
front-alb = AWS Application Load Balancer（alb）
front-outside-nginx = クラスター外の nginx
step-hold-overlap-title = 入口が新環境を認識するまでの待機
step-hold-overlap-what = 各 Service は引き続き両環境の Pod を選択します。このロードバランサーは、新しい Pod を自ら検査してから利用者を送り、古い Pod はただちに外すためです。
step-hold-overlap-check = エラーと応答時間が監視基準の範囲内にあること。
step-hold-overlap-undo = 待つだけなので、取り消すものはありません。
# 障害
problem-fault-unknown = { $fault } という障害はありません。{ $nearest } のことでしょうか？
problem-fault-unknown-remedy = `mastoferry rehearse --list-faults` で一覧を表示できます。
problem-fault-value = { $fault } を読み取れません。
problem-fault-value-remedy = { $example } のように書いてください。
problem-fault-window = 「{ $time }」は障害の時期として読み取れません。
problem-fault-window-remedy = クラスターの時間か手順の id を書き、終わりがあるなら長さも添えてください：@30s、@observe、@30s+20s、@observe+60s
problem-fault-step = 計画に { $step } という手順がないため、この障害は起こりません。
problem-fault-step-remedy = 計画の手順：{ $steps }
faults-fault = 障害
faults-what = 起こること
faults-when = 新環境の応答の障害は、利用者が移ったときに始まります。旧環境・クラスター・API サーバーの障害は最初の手順から、それ以外は初めから続きます。時期は @ で指定できます：@30s（最初の手順から、クラスターの時間で）、@observe（その手順の開始時）、@observe+60s（そこから 1 分間）
fault-500 = 利用者のリクエスト 100 件のうちこの件数に 500 を返します。Kubernetes のプローブには返さないため、気づくのは利用者だけです。
fault-latency = すべての応答がこの時間だけ遅れます（実時間）。
fault-wrong-answer = 利用者のリクエスト 100 件のうちこの件数に、デフォルトバックエンドのような別のものが 200 で答えます。
fault-never-ready = プロセスの起動がいつまでも終わりません。
fault-slow-boot = 起動がこの時間だけ長くかかります（クラスターの時間）。
fault-crash-loop = 起動が終わるたびに、プロセスがエラーで終了します。
fault-image-missing = レジストリーにイメージがありません（ImagePullBackOff）。
fault-lost-endpoint = この数の Pod が、kubelet には準備完了と見えながら、ほかからの接続をすべて拒みます。
fault-drops = 常時接続が、開いてからこの時間で切られます（実時間）。
fault-disk-full = 何も書き込めません。投稿・アップロード・配送に 500 を返します。
fault-evicted = ディスクが埋まった kubelet がするように、Pod がひとつ猶予なしに止められ、作り直されます。
fault-migration-pending = 新しいコードが読む列がデータベースにありません。ページと投稿に 500 を返しますが、プローブには正常に答えます。
fault-scaled-to = どのファイルにもないオートスケーラーが、15 秒ごとにこの数の Pod を求めます。
fault-database-unreachable = 新環境から PostgreSQL に届きません。/health と静的ファイル以外に 500 を返します。
fault-redis-unreachable = 新環境から Redis に届きません。投稿と常時接続が失敗し、Sidekiq は起動しません。
fault-409 = 変更 100 件のうちこの件数が、ほかの書き込みと競合します。
fault-429 = API サーバーが混み合い、リクエスト 100 件のうちこの件数に、後でやり直すよう答えます（Retry-After）。
fault-api-500 = API サーバーへのリクエスト 100 件のうちこの件数に 500 を返します。100% と時期を指定すると、コントロールプレーンの不在になります。
fault-lost-answer = 変更 100 件のうちこの件数が、実行されたのに答えが途中で失われます。
fault-hang = API サーバーへのリクエスト 100 件のうちこの件数に、いつまでも答えがありません。
fault-watch-drop = どの watch も、始まってからこの時間で途切れます。
fault-undoes = GitOps のコントローラーが、この間隔でファイルのとおりに戻します。
fault-node-lost = Pod のひとつおきに、そのノードの電源が落ちます。340 秒後に Pod は見限られ、作り直されます。
fault-clock = Mastoferry を動かしているマシンの時計が、この時間だけずれています。

# リハーサルの見立て
judgement-title = 本番ではどうなるか
judgement-changes = 直すとよいこと
judgement-no-changes = このリハーサルとファイルからは、見つかりませんでした。
judgement-more = ほか { $count } 件は報告書にあります。
judgement-steps = 各手順にかかる時間
judgement-on-cluster = クラスターでの時間
judgement-users-none = 利用者への影響はありません。{ $requests } 件のリクエストすべてに、答えるべき相手が答えました。
judgement-users-some = { $requests } 件のリクエストのうち { $failed } 件（{ $percent } %）が失敗します。最も多いのは{ $part }です。
judgement-users-unmeasured = 利用者への影響は測定できませんでした。
judgement-streaming = { $connections } 本の常時接続は、それぞれ最大 { $most } 回つなぎ直し、途切れるのは最長 { $gap }です。
judgement-streaming-none = { $connections } 本の常時接続は、どれも切れません。
judgement-duration-completed = 実際のクラスターでは、移行に約 { $span }かかります。ほとんどは、利用者にサービスを続けながらの待ち時間です。
judgement-duration-rolled-back = 実際のクラスターでは約 { $span }で終わり、旧環境がそれまでどおりサービスを続けます。
judgement-duration-stopped = 実際のクラスターでは約 { $span }で止まり、判断を待ちます。
judgement-duration-failed = 実際のクラスターでは約 { $span }で動けなくなります。
advice-not-ready = 新環境の準備が整いませんでした（{ $why }）。
advice-not-ready-remedy = `kubectl describe pod` と `kubectl logs` で Pod を調べてください。イメージ、設定、届かないストアが主な原因です。準備が整うまで、利用者が送られることはありません。
advice-wrong-answer = 通用口から尋ねたところ、新環境の答えが違いました（{ $why }）。
advice-wrong-answer-remedy = 設定やストアが必要なものと違います。ログと、マイグレーションがすべて済んでいるかを調べてください。利用者の目には触れていません。
advice-errors = { $part }：プローブには正常に答えていましたが、新環境は利用者に応えられませんでした。
advice-errors-remedy = 実際のリクエストを受けたときのログを調べてください。利用者と同じことを尋ねる readinessProbe があれば、利用者は送られませんでした。
advice-slow = { $part }：新環境は、受けた利用者に対して遅すぎました。
advice-slow-remedy = 旧環境と同じだけの Pod と CPU を与え、全員を受け入れる前に温めてください。内蔵クラスターの速さはこのマシンの速さです。ほかの処理で混んでいたなら、空いているときに、または --rate を下げて、もう一度リハーサルしてください。
advice-stopping-cost = { $object } の停止で { $failed } 件のリクエストが失敗しました。入口に伝わる前にコンテナーが終わっています。
advice-stopping-cost-remedy = terminationGracePeriodSeconds の範囲で、lifecycle.preStop に `sleep: {"{"} seconds: 10 {"}"}`（Kubernetes 1.30 より前は exec の sleep）を加えてください。
advice-streaming-gap = 常時接続は、それぞれ最大 { $reconnects } 回切れ、最長 { $gap }途切れました。その間、タイムラインは止まります。
advice-streaming-gap-remedy = streaming の Pod を 2 つ以上にし、ログと、入口の WebSocket のタイムアウトを調べてください。
advice-jobs-lost = { $jobs } 件のバックグラウンドジョブが失われたか、実行されませんでした。
advice-jobs-lost-remedy = 強制終了された Sidekiq は、実行中のジョブを失います。terminationGracePeriodSeconds を 30 より長くし、Pod が終わる理由を調べてください。
advice-two-schedulers = スケジューラーが同時に 2 つ動きました。予約されたジョブが 2 度実行されています。
advice-two-schedulers-remedy = ほかの何かがワーカーを起動しています。移行の前に、GitOps のコントローラーと Sidekiq のオートスケーラーを止めてください。
advice-workers-stayed = 旧環境のワーカーが終わりませんでした（{ $why }）。
advice-workers-stayed-remedy = 何かが起動し直しているか、ジョブが猶予より長くかかっています。GitOps のコントローラーを止め、長いジョブを調べてください。
advice-step-failed = 「{ $title }」がうまくいきませんでした（{ $why }）。
advice-step-failed-remedy = ほかの何かが同じオブジェクトを変えている可能性があります。GitOps のコントローラーとオートスケーラーを止めて、もう一度リハーサルしてください。
advice-refused = クラスターが計画の前提と違います（{ $why }）。
advice-refused-remedy = ファイルとクラスターを一致させてから、計画を作り直してください。
advice-near-limit = 「{ $title }」に、限度 { $limit }のうち { $seconds }かかりました。
advice-near-limit-remedy = もっと混む日には、ここで移行が終わってしまいます。Pod の起動や停止を速くしてください。
advice-one-replica = { $object } の Pod はひとつだけです。ノードの drain や再起動のたびに、答えるものがなくなります。
advice-one-replica-remedy = spec.replicas を 2 以上にしてください。
advice-no-disruption-budget = { $object } の { $replicas } 個の Pod が、一度に退避されるのを防ぐものがありません。
advice-no-disruption-budget-remedy = maxUnavailable: 1 の PodDisruptionBudget を加えてください。
advice-no-readiness = { $object } に readinessProbe がありません。起動の途中で利用者が送られます。
advice-no-readiness-remedy = ヘルスチェックのパスに readinessProbe を加えてください。
advice-late-readiness = { $object } は、最初の確認が { $seconds }後です。どれだけ速く起動しても、Pod が使えるまで少なくともそれだけかかります。
advice-late-readiness-remedy = initialDelaySeconds の代わりに、periodSeconds: 5 と大きめの failureThreshold の startupProbe を使ってください。
advice-no-pre-stop = { $object } に preStop フックがありません。Pod が止まるとき、入口がしばらく送り続けることがあります。
advice-no-pre-stop-remedy = terminationGracePeriodSeconds の範囲で、lifecycle.preStop に `sleep: {"{"} seconds: 10 {"}"}`（Kubernetes 1.30 より前は exec の sleep）を加えてください。
advice-recreate = { $object } の更新は Recreate です。更新のたびに、新しい Pod の準備が整うまで答えるものがなくなります。
advice-recreate-remedy = maxUnavailable: 0 の RollingUpdate にしてください。Recreate が要るのは、scheduler を受け持つワーカーだけです。
advice-boot-near-deadline = { $object } の準備には少なくとも { $seconds }かかり、ロールアウトは { $deadline }で失敗とみなされます。
advice-boot-near-deadline-remedy = spec.progressDeadlineSeconds を延ばすか、startupProbe で早く準備完了になるようにしてください。
advice-pre-stop-eats-grace = { $object } の preStop フックは、猶予 { $grace }のうち { $slept }を眠って使います。処理中のものにはさらに { $drain }必要で、途中で切られます。
advice-pre-stop-eats-grace-remedy = terminationGracePeriodSeconds を延ばしてください。
advice-several-schedulers = { $object } は scheduler キューを受け持ち、2 つ以上に増えることがあります。予約されたジョブが 2 度登録されます。
advice-several-schedulers-remedy = scheduler には、Pod ひとつでオートスケーラーのない専用のワーカーを用意してください。
advice-scheduler-overlaps = { $object } のローリング更新では、しばらくスケジューラーが 2 つ動きます。
advice-scheduler-overlaps-remedy = strategy.type を Recreate にしてください。新環境はそうなっています。
advice-short-grace = { $object } の猶予は、Sidekiq が実行中のジョブを戻すのに要る 25 秒以下です。停止のときにジョブが失われます。
advice-short-grace-remedy = terminationGracePeriodSeconds を 60 にしてください。
advice-migrates-on-start = { $object } は起動のたびにデータベースをマイグレーションします。旧環境が使っている間にも行われます。
advice-migrates-on-start-remedy = 移行の前に、専用の Job でマイグレーションしてください。
advice-floating-image = { $object } のイメージは固定されていません。リハーサルしたものと違うものが起動するかもしれません。
advice-floating-image-remedy = バージョンかダイジェストを指定してください。
# rehearse --serve

serve-open = kubectl と helm でこのクラスターに接続できます：export KUBECONFIG={ $file }
serve-before = 旧環境が起動しました。中を確認できます。Enter キーを押すと始めます
serve-hold = クラスターを今の状態のまま残しています：export KUBECONFIG={ $file }
    ^C を押すと終わります
problem-serve = クラスターを { $address } で開けませんでした：{ $detail }
problem-serve-remedy = アドレスを省くと空いているポートを使います。ほかのアドレスを指定することもできます。
problem-descriptors = このプロセスが同時に開けるファイルと接続は { $allowed } 個までです。この人数のリハーサルには { $needed } 個が要ります。
problem-descriptors-remedy = 上限（`ulimit -Hn`、サービスとして動かしているときは LimitNOFILE）を上げるか、`--sockets 20` のように利用者を減らしてください。
# 障害とともに行うリハーサルと、本番の時間
judgement-faults = 次の障害を起こしました：{ $faults }。以下は、それが本番で起きたときのことです。
judgement-users-back = 実際のクラスターでは、旧環境が再び答えるまで、失敗が約 { $span }続きます。
judgement-users-outage = 実際のクラスターでは、一部が最長で約 { $span }続けて使えなくなります。
judgement-users-scattered = どの部分も、続けて使えなくなることはありません。
judgement-delivery = 実際のクラスターでは、キューが移る間の投稿は、タイムラインに届くまで最長で約 { $span }かかります。
advice-overloaded = 利用者に関わる手順より前に、{ $failed } 件のリクエストが失敗しています。この移行のせいではありません。
advice-overloaded-remedy = このマシンに対して負荷が大きすぎるなら、ここに出た数値から移行の良し悪しは分かりません。--rate を下げるか、リリースビルド（cargo run --release）で、もう一度リハーサルしてください。そうでなければ、旧環境そのものが失敗しています。
terminal-faults = 起こした障害
report-fact-load = 負荷
report-fact-faults = 起こした障害
report-use = 用途ごとの応答
report-delivery-posts = 受け付けた投稿
report-delivery-unheard = すぐには表示されなかった投稿
report-delivery-late = 遅れた配信
report-delivery-p99 = 99 % の配信
report-delivery-longest = 配信の最長
report-delivery-note = 投稿がタイムラインに届くまでの時間です。配信は Sidekiq が行うため、キューが移る間は待たされます。その待ち時間はクラスターの時間で、実際のクラスターでは { $speed } 倍です。接続し直す間などにすぐには表示されなかった投稿も、タイムラインを読み直すと表示されます。
progress-step-failed = 失敗：{ $step }（{ $reason }）
progress-breach = 監視基準を超えました：{ $rule }、{ $seen }
progress-rolling-back = 旧環境に戻します
problem-fault-unlike = { $fault } という障害はありません。
problem-fault-unlike-remedy = `mastoferry rehearse --list-faults` で一覧を表示できます。
problem-no-contexts = コンテキスト { $wanted } が見つかりません。kubeconfig がないか、コンテキストが一つもありません。
problem-no-contexts-remedy = kubeconfig を ~/.kube/config に置くか、KUBECONFIG で指定してください。`kubectl config get-contexts` で一覧を表示できます。
problem-load-no-such = { $name } という負荷のプロファイルも、ファイルもありません。
problem-load-no-such-remedy = steady、small、evening、festival、visitors のいずれか、または docs/load.md の形式で書いたファイルのパスを指定してください。
# 始まらなかった移行
verdict-refused = 移行を始めませんでした。クラスターの今の状態が、計画の前提と違います。
lead-refused = 何にも触れていません。違いは下に挙げています。
judgement-duration-refused = 何も始めていないため、所要時間は分かりません。
advice-unnoticed = { $part }：{ $requests } 件のリクエストのうち { $failed } 件が失敗しました。全体に占める割合が小さく、監視では切り戻しになりません。
advice-unnoticed-remedy = 失敗の原因をログで調べ、移行の前に直してください。
# 手順ができなかった理由
reason-waited = { $limit } 秒待っても、{ $condition }（最後の状態：{ $seen }）
reason-to-be-ready = { $object } の Pod { $pods } 個の準備が整いませんでした
reason-to-be-idle = { $object } の Pod がなくなりませんでした
reason-pods-to-be-gone = { $pods } の Pod がなくなりませんでした
reason-to-reach-all = { $object } が { $pods } の準備のできた Pod すべてに届きませんでした
reason-to-reach-only = { $object } が { $pods } の Pod だけに届くようになりませんでした
reason-to-be-gone = { $object } がなくなりませんでした
reason-seen-pods = 要求 { $asked }、更新 { $updated }/{ $pods }、準備完了 { $ready }
reason-seen-left = 要求 { $asked }、残り { $pods }
reason-seen-behind = 該当 { $pods }、ほか { $others }、不足 { $missing }
reason-seen-object = まだ存在します
reason-answer = { $component } の Pod が { $path } に正しく答えませんでした：{ $answer }
reason-answered = { $pod } の応答は { $status }
reason-assumptions = 今の状態が計画と違います：{ $list }
reason-undone = 行った変更を、ほかの誰かが元に戻しました：{ $list }
reason-unsteady = { $object } の Pod が動き続けません。コンテナーが終了と再起動を繰り返しています
reason-missing = { $object } がありません
# キュー専用 Redis、Prometheus、リポジトリから適用するもの、バックアップ
step-pause-gitops-title = リポジトリからの適用の一時停止
step-pause-gitops-what = Argo CD と Flux は、リポジトリの内容と異なるものを元に戻します。旧環境のオブジェクトを適用しているものと、さらにそれを適用しているものを一時停止します。リポジトリの内容は新環境に書き換えるまで旧環境のままなので、移行の終了後も停止したままにします。
step-pause-gitops-check = すべてが一時停止し、実行中の処理が終わり、その後何も適用していないこと。
step-pause-gitops-undo = 自動同期または一時停止の設定を、それぞれ元に戻します。
progress-queues-redis = 旧環境の Sidekiq プロセス { $processes } 個が新しいジョブの受け取りをやめ、実行中のジョブもなくなりました
progress-queues-outlasted = 制限時間までに終わらなかったジョブ（キューに戻され、新環境で再実行されます）：{ $jobs }
progress-queues-pods = 旧環境のワーカーは Pod とともに終了します。時間内に終わらないジョブは Sidekiq がキューに戻します
progress-gitops-paused = 一時停止：{ $owners }
report-rollback-traffic = 判定から利用者が旧環境に戻るまで
report-rollback-release = 判定から新環境がすべてなくなるまで
report-left-paused = リポジトリの内容が旧環境のため、一時停止したまま：{ $owner }。新環境の内容に変えた後に：
metric-prometheus = Prometheus の値
problem-redis-address = キューの Redis のアドレスを使えません：{ $detail }
problem-redis-address-remedy = redis://:PASSWORD@HOST:6379/0 のようなアドレスを持つ env:VARIABLE または file:PATH を指定してください。Mastodon 自身のアドレスは SIDEKIQ_REDIS_URL または REDIS_URL にあります。
problem-redis-unreachable = キューの Redis を使えません：{ $detail }
problem-redis-unreachable-remedy = 何も変更していません。クラスターの外からは `kubectl port-forward` で接続できます。--redis を指定しない場合、ワーカーは Pod とともに終了します。
problem-prometheus-unreachable = Prometheus に問い合わせできません：{ $detail }
problem-prometheus-unreachable-remedy = 何も変更していません。クラスター内の Prometheus には `kubectl port-forward` で接続できます。--prometheus を指定しない場合、監視は内蔵の計測だけで行います。
problem-rules-unreadable = { $path } から監視ルールを読み取れません：{ $detail }
problem-rules-unreadable-remedy = ingress-nginx、traefik、mastodon のいずれか、または docs/guard.md の形式のファイルを指定してください。
problem-backup-key = バックアップの鍵を使えません：{ $detail }
problem-backup-key-remedy = Secret は age で暗号化されています。復号する鍵のファイルは --identity で、暗号化の宛先は --backup-recipient で指定してください。
problem-backup-unreadable = バックアップを読み取れません：{ $detail }
problem-backup-unreadable-remedy = 移行の状態フォルダー、またはその中の backup フォルダーを指定してください。
problem-backup-damaged = 何も復元していません：{ $detail }
problem-backup-damaged-remedy = フォルダーの内容が保存時と異なります。控えのファイルから復元してください。
problem-backup-new-side = 何も復元していません：{ $detail }
problem-backup-new-side-remedy = このままでは両方の環境が同じキューを処理してしまいます。`mastoferry rollback` で移行を取り消すか、先に新環境を 0 にスケールしてください。
problem-restore-failed = 復元できませんでした：{ $detail }
restore-missing = { $object } が存在しません
restore-differs = { $object } が異なります：{ $paths }
restore-unkept = { $object } はバックアップにありません：{ $reason }
restore-same = すべて保存時のままです（{ $all } オブジェクト）。
restore-would = { $all } 個中 { $count } 個のオブジェクトを復元します。実行するには --approve を付けてください。
restore-done = { $all } 個中 { $count } 個のオブジェクトを復元しました。
problem-reach-inside = このプログラム内のクラスターには Redis も Prometheus もありません。
problem-reach-inside-remedy = --redis と --prometheus は --cluster と一緒に指定してください。
runbook-rule-above = { $metric }が { $value } を超える
restore-task = { $object } は復元しません（再び実行されるため）
# 移行と、その前の確認
migrate-traffic = 利用者からのリクエストを見守ります：毎秒 { $rate } 件、GET のみ
migrate-begin = { $context } の名前空間 { $namespace } で { $domain } の移行を始めますか？
migrate-not-begun = 何も始めず、何も変更していません。
migrate-stopping = 新しいことを始めずに止めます。もう一度でこのプロセスをただちに終えます。巻き戻しは止めません。
migrate-question = 次は { $step } です。その間も利用者を見守っています。y：続ける、b：巻き戻す、その他：ここで止める
migrate-leftovers = 巻き戻しのため、名前空間 { $namespace } に残してあります。もう戻さないと決めたら：kubectl -n { $namespace } delete { $objects }
migrate-changed = 移行前と違うもの：{ $objects }
migrate-how-on = 停止しました：{ $reason }
    続けるには mastoferry resume { $name }、戻すには mastoferry rollback { $name } を実行してください。（記録：{ $state }）
migrate-taken-over = 引き継ぎました：{ $voyage }
reason-paused = { $step } の前で一時停止しました
reason-asked = 求めに応じて停止しました
status-none = 名前空間 { $namespace } の移行の記録は、クラスターにありません。
copy-under-way = 実行中か、プロセスが失われています
copy-stopped = 停止しています。`mastoferry resume` か `mastoferry rollback` を実行してください
copy-failed = 巻き戻せませんでした。もう一度 `mastoferry resume` を試してください
copy-completed = 完了
copy-rolled-back = 巻き戻し済み
failure-tls = 証明書が正しくないか、信頼されていません
problem-migrate-approve = 最初の変更の前に確認を求める相手が、端末にいません。
problem-migrate-approve-remedy = 確認なしに始めるには --approve、先にすべての変更を見るには --dry-run を指定してください。
problem-no-such-step = 計画に手順 { $step } はありません。
problem-no-such-step-remedy = 手順は次のとおりです：{ $known }
problem-not-a-migration = { $state } はリハーサルの記録です。
problem-not-a-migration-remedy = 移行の記録を指定してください。
problem-no-migration = { $context } の名前空間 { $namespace } に、続けられる移行はありません。
problem-no-migration-remedy = クラスターにある記録は `mastoferry status --context { $context } --namespace { $namespace }` で見られます。
problem-migration-elsewhere = { $context } の名前空間 { $namespace } の移行は、別のマシンで始められました。
problem-migration-elsewhere-remedy = そのマシンで続けてください。もう動いていないなら、ここで --take-over を付けて引き継げます。
problem-lease-held = 移行は実行中です：{ $holder } が { $until } まで Lease を保持しています。
problem-lease-held-remedy = 実行しているマシンで止めるか、お待ちください。失われたマシンの Lease は 1 分以内に切れます。
problem-other-hands = ほかで実行されています：{ $detail }
problem-other-hands-remedy = 実行しているところで続けてください。そのマシンがもう動いていないなら `mastoferry resume --context C --namespace N --take-over` で引き継げます。
dry-run-changes = すべての変更と、それに対する API サーバーの判定：
dry-run-nothing = 何も変更していません。移行自身が先に作るものへの変更は、前もって試せません。
doctor-title = 移行の前に
doctor-grade-ok = 問題なし
doctor-grade-warning = 注意
doctor-grade-unchecked = 確認できず
doctor-grade-refused = 支障
doctor-ready =
    移行を妨げるものはありません。{ $warnings ->
        [0] {""}
       *[other] 注意 { $warnings } 件。
    }{ $unchecked ->
        [0] {""}
       *[other] 確認できなかったもの { $unchecked } 件。
    }
doctor-refused = 移行を始められません。何も変更していません。支障が { $refused } 件あります。
doctor-place-found = { $context } の名前空間 { $namespace } があります。
doctor-place-other = 計画は名前空間 { $planned } のためのもので、{ $namespace } のものではありません。
doctor-place-other-remedy = --namespace { $planned } を指定するか、{ $namespace } の現状から計画を作り直してください。
doctor-place-missing = 名前空間 { $namespace } がありません。
doctor-place-missing-remedy = --context が正しいか確かめてください：kubectl config get-contexts
doctor-operator-alone = ほかに移行を実行している者はいません。
doctor-operator-held = { $holder } が移行を実行しています（Lease は { $until } まで）。
doctor-operator-held-remedy = 終わるまで待つか、始めたマシンで続けてください。
doctor-operator-unfinished = 以前の移行が終わっていません：{ $voyage }（Lease { $lease }）
doctor-operator-unfinished-remedy = mastoferry resume で続けるか、mastoferry rollback で戻してください。別のマシンからは --take-over を付けます。
doctor-clock-agrees = このマシンの時計は API サーバーと合っています。
doctor-clock-unknown = API サーバーの時刻が分かりません。
doctor-clock-unknown-remedy = このマシンの時計が同期していることを確かめてください：timedatectl
doctor-clock-differs = このマシンの時計は API サーバーと { $seconds } 秒ずれています。
doctor-clock-differs-remedy = このマシンの時計を同期してください：timedatectl set-ntp true
doctor-clock-off = このマシンの時計は API サーバーと { $seconds } 秒ずれています。誰の番なのか判断できません。
doctor-clock-off-remedy = 先にこのマシンの時計を同期してください：timedatectl set-ntp true
doctor-rights-held = 計画が行うことはすべて許可されています。
doctor-rights-looking = 許可がなく、その分は確認できません：{ $rights }
doctor-rights-looking-remedy = これらの権限を持つ ClusterRole があれば、ノードの空き・イメージ・データストアを確認できます。移行そのものには要りません。
doctor-rights-missing = 必要な許可がありません：{ $rights }
doctor-rights-missing-remedy = これらの権限を持つ Role をこの名前空間で割り当ててもらうか、権限のあるコンテキストを使ってください。
doctor-versions-kubernetes = Kubernetes { $version } には必要なものがそろっています。
doctor-versions-kubernetes-unknown = Kubernetes のバージョンが分かりません。
doctor-versions-kubernetes-unknown-remedy = 1.23 以降が必要です：kubectl version
doctor-versions-kubernetes-old = Kubernetes { $version } は古すぎます。
doctor-versions-kubernetes-old-remedy = 1.23 以降が必要です。先にクラスターを更新してください。
doctor-versions-same = 旧環境と新環境の Mastodon は同じものです。
doctor-versions-patch = Mastodon のマイナーリリースは同じですが、ビルドが違います：{ $blue } と { $green }
doctor-versions-patch-remedy = 両者の間のリリースノートで、マイグレーションや設定の変更を確かめてください。先に移行し、後で更新する方が安全です。
doctor-versions-unknown = どの Mastodon どうしになるのか判断できません：{ $blue } と { $green }
doctor-versions-unknown-remedy = マイナーリリースが違うなら、更新は移行の前か後に行い、移行と同時にはしないでください。
doctor-versions-jump = この移行で Mastodon が { $before } から { $after } になります。データベースの形が違うため、両方から同時には使えません。
doctor-versions-jump-remedy = いま動いているバージョンのまま移行し、後で更新してください。または先に現在の場所で更新し、計画を作り直してください。
doctor-versions-back = この移行で Mastodon が { $before } から { $after } に戻ります。古い方は、いまのデータベースを扱えません。
doctor-versions-back-remedy = いま動いているバージョンで変換し、計画を作り直してください。
doctor-standing-holds = 現状は、計画が前提とするとおりです。
doctor-standing-differs = 現状が、計画の前提と違います：{ $what }
doctor-standing-differs-remedy = 現状（cluster:CONTEXT/NAMESPACE）から計画を作り直すか、計画のとおりに戻してください。
doctor-selectors-apart = 新環境の Pod と取り違えるセレクターはありません。
doctor-selectors-service = Service { $service } が { $pods } の Pod を選びます。検証の前に利用者が届いてしまいます。
doctor-selectors-service-remedy = 新しい Pod にないラベルをセレクターに足すか、別の --release で計画してください。
doctor-selectors-workload = { $object } のセレクターが { $pods } の Pod も選びます。
doctor-selectors-workload-remedy = 新しい Pod のラベルが変わるよう、別の --release で計画してください。
doctor-selectors-pods = 新しい { $object } が Pod { $pod } を自分のものとみなします。
doctor-selectors-pods-remedy = 選ぶラベルが変わるよう、別の --release で計画してください。
doctor-disruption-none = PodDisruptionBudget { $budget } は Pod を一つも退避させません。ノードの drain が終わらなくなります。
doctor-disruption-none-remedy = 移行そのものは退避を行いません。移行中はノードを drain しないでください。
doctor-secrets-same = 旧環境と新環境は同じ秘密情報で動きます。
doctor-secrets-hidden = Secret の一覧を取れないため、両環境の秘密情報を比べられません。
doctor-secrets-hidden-remedy = 新環境が同じ Secret と同じキーを参照していることを、手で確かめてください。
doctor-secrets-not-understood = 一方の設定を読み取れないため、秘密情報を比べられません。
doctor-secrets-not-understood-remedy = 両環境について `mastoferry audit` の結果をご覧ください。
doctor-secrets-missing = 新環境の { $component } が参照する { $name } は、どの Secret にもありません。
doctor-secrets-missing-remedy = その Secret か、その中のキーを、旧環境の値で作ってください。
doctor-secrets-unset = 新環境の { $component } に、このバージョンで必須の { $name } がありません。
doctor-secrets-unset-remedy = 新環境の設定の元に、旧環境の値で加えてください。
doctor-secrets-differ = { $component } の { $name } が、新環境では違う値です。
doctor-secrets-differ-remedy = 旧環境の値を引き継いでください。その値で署名・暗号化したものは、別の値では読めません。
doctor-secrets-lost = 旧環境の { $component } にある { $name } が、新環境にはありません。
doctor-secrets-lost-remedy = 新環境の設定の元に加えるか、不要なら旧環境から外してください。
doctor-capacity-enough = ノードには、旧環境と並べて新環境を置く余裕があります。
doctor-capacity-unknown = ノードの空きを確認する許可がありません。
doctor-capacity-unknown-remedy = 手で確かめてください：kubectl describe nodes。置けなければ、利用者に見える前に自動で戻ります。
doctor-capacity-grows = ノードにはまだ { $workloads } を置く余裕がありません。ノードは自動で増えるかもしれません。
doctor-capacity-grows-remedy = 10 分待った末に戻ることのないよう、先にノードを増やしてください。
doctor-capacity-short = ノードに { $workloads } を置く余裕がありません。
doctor-capacity-short-remedy = ノードを増やすか、旧環境の要求を減らしてください。
doctor-capacity-port = { $workload } を置けるすべてのノードで、ノードのポート { $port }（hostPort）がふさがっています。
doctor-capacity-port-remedy = ノードを増やすか、hostPort をやめて Service に任せるか、--strategy maintenance で計画し直してください。
doctor-capacity-quota = ResourceQuota { $quota } のため、旧環境と並べて新環境を置けません（{ $resource }）。
doctor-capacity-quota-remedy = 移行の間、上限を引き上げてください。
doctor-capacity-unsaid = ResourceQuota { $quota } は { $resource } を数えますが、{ $workload } はその量を書いていません。
doctor-capacity-unsaid-remedy = resources に書くか、LimitRange で補ってください。
doctor-capacity-range = { $workload } の { $resource } は、LimitRange がコンテナーに許す量を超えています。
doctor-capacity-range-remedy = LimitRange を引き上げるか、limits を下げてください。
doctor-images-present = イメージはすべて、ここで動いたことがあるか、ノードにあります。
doctor-images-unknown = ノードにあるイメージを確認する許可がありません。
doctor-images-unknown-remedy = すべて取得できることを確かめてください。取得できなければ、利用者に見える前に自動で戻ります。
doctor-images-floating = { $image } は、明日には別のビルドかもしれません。
doctor-images-floating-remedy = リリースかダイジェストで指定してください。
doctor-images-to-pull = まだどのノードにもないイメージです：{ $images }
doctor-images-to-pull-remedy = 取得できることを確かめてください。取得できなければ、利用者に見える前に自動で戻ります。
doctor-images-pull-secret = { $workload } はイメージを Secret { $secret } で取得しますが、その Secret がありません。
doctor-images-pull-secret-remedy = 作成してください：kubectl create secret docker-registry { $secret }
doctor-volumes-fit = 新環境は、必要なボリュームをマウントできます。
doctor-volumes-hidden = PersistentVolumeClaim の一覧を取れません。
doctor-volumes-hidden-remedy = 新環境がマウントするものが Bound であることを、手で確かめてください。
doctor-volumes-missing = { $workload } がマウントする PersistentVolumeClaim { $claim } がありません。
doctor-volumes-missing-remedy = 作成するか、現状から計画を作り直してください。
doctor-volumes-lost = { $workload } がマウントする PersistentVolumeClaim { $claim } のボリュームが失われています。
doctor-volumes-lost-remedy = 先にボリュームを復旧してください。
doctor-volumes-unbound = { $workload } がマウントする PersistentVolumeClaim { $claim } は、まだ Bound ではありません。
doctor-volumes-unbound-remedy = StorageClass が最初の Pod を待つ設定なら、問題ありません。
doctor-volumes-one-pod = PersistentVolumeClaim { $claim } は一つの Pod からしかマウントできず、{ $workload } は二つ目になります。
doctor-volumes-one-pod-remedy = 先にファイルをオブジェクトストレージか ReadWriteMany のボリュームへ移すか、--strategy maintenance で計画してください。
doctor-volumes-one-node = PersistentVolumeClaim { $claim } は一つのノードでしかマウントできません。{ $workload } は旧環境と同じノードでしか起動できません。
doctor-volumes-one-node-remedy = そのノードに配置するか、ファイルをオブジェクトストレージか ReadWriteMany のボリュームへ移してください。
doctor-volumes-owner = { $workload } は PersistentVolumeClaim { $claim } のファイルを、旧環境が書いたのとは別のユーザーまたはグループとして読みます。
doctor-volumes-owner-remedy = runAsUser と fsGroup を同じにしてください。
doctor-probes-can-pass = どのプローブも成功しうるものです。
doctor-probes-none = { $workload } は複数の Pod を持ちながら readinessProbe がありません。rolling では、待ち受けを始める前の Pod に利用者が送られてしまいます。
doctor-probes-none-remedy = /health を見る readinessProbe を加えるか、Pod に直接確かめてから切り替える --strategy blue-green で計画し直してください。
doctor-probes-port = { $workload } の { $probe } はポート { $port } を見ますが、コンテナーにありません。
doctor-probes-port-remedy = コンテナーでポートに名前を付けるか、番号で指定してください。
doctor-probes-port-untold = { $workload } の { $probe } はポート { $port } を見ますが、コンテナーの ports に書かれていません。
doctor-probes-port-untold-remedy = プログラムがそのポートで待ち受けることを確かめてください。
doctor-probes-impatient = { $workload } の { $probe } は { $seconds } 秒であきらめます。Rails がまだ起動中かもしれません。
doctor-probes-impatient-remedy = startupProbe を加えるか、initialDelaySeconds を大きくしてください。
doctor-front-well = 利用者の入口の証明書とクラスに問題はありません。
doctor-front-class = Ingress { $ingress } のクラス { $class } に当たる IngressClass がありません。
doctor-front-class-remedy = 利用者に届いているなら、コントローラーは受け持っています。そこは何も変えません。
doctor-front-removed = 計画は { $object } を削除しますが、これは利用者の入口か、アドレスを保持しています。
doctor-front-removed-remedy = その手順の前（--pause-before remove-blue）に、もう誰もそこを通らないことを確かめてください。
doctor-front-tls-missing = TLS の Secret { $secret } がありません。
doctor-front-tls-missing-remedy = 作成するか、作るはずの Certificate を確かめてください。
doctor-front-tls-empty = TLS の Secret { $secret } に証明書か鍵がありません。
doctor-front-tls-empty-remedy = 中身を入れるはずの Certificate を確かめてください。
doctor-front-tls-unreadable = TLS の Secret { $secret } の証明書を読めません。
doctor-front-tls-unreadable-remedy = 確かめてください：kubectl get secret { $secret } -o yaml、openssl x509 -noout -enddate
doctor-front-tls-expired = TLS の Secret { $secret } の証明書は期限が切れています。
doctor-front-tls-expired-remedy = 先に更新してください。
doctor-front-tls-expiring = TLS の Secret { $secret } の証明書は 1 日以内に期限が切れます。
doctor-front-tls-expiring-remedy = 先に更新してください。期限切れによる失敗が、移行による失敗と見分けられません。
doctor-front-other = 現状からは入口が { $front } と読み取れます（{ $by }）。計画は { $planned } のためのものです。
doctor-front-other-remedy = 実際の入口が { $front } なら、--front { $front } で計画を作り直してください。入口によって、変更が行き渡るまでの時間が違います。
doctor-front-answers = 利用者からのリクエストに正しく応答しています（{ $requests } 件を試行）。
doctor-front-unseen = 計画に、ホスト名による経路がありません。利用者の困りごとに気づけません。
doctor-front-unseen-remedy = ご自身で見守り、`mastoferry rollback` をすぐ実行できるようにしてください。
doctor-front-unwell = { $component }：いまでも { $requests } 件中 { $failed } 件が失敗しています（{ $failure }）。
doctor-front-unwell-remedy = 移行の前に原因を調べてください。移行による失敗と見分けられません。
doctor-front-silent = { $component }：{ $requests } 件のどれにも正しい応答がありません（{ $failure }）。利用者の困りごとに誰も気づけません。
doctor-front-silent-remedy = ホスト名で届かないなら、入口の場所を指定してください：--via https://ADDRESS:443
doctor-ownership-none = 移行が触れるものを管理する GitOps コントローラーや Helm リリースはありません。
doctor-ownership-gitops = { $controller } が、移行の触れるものを管理しています（{ $owner }）。元に戻されてしまいます。
doctor-ownership-gitops-remedy = 先に一時停止し、再開する前に新環境のファイルを渡してください。
doctor-ownership-helm = Helm リリース { $release } が、移行の触れるものを管理しています。
doctor-ownership-helm-remedy = 移行が終わるまでも、終わった後も、このリリースに `helm upgrade` や `helm rollback` を実行しないでください。
doctor-scaling-known = 旧環境のオートスケーラーはすべて計画に含まれています。
doctor-scaling-stray = HorizontalPodAutoscaler { $autoscaler } は計画になく、移行が止めたものを起動するおそれがあります。
doctor-scaling-stray-remedy = 現状から計画を作り直すか、先に削除してください。
doctor-stores-unknown = データストアに内側から届くかを確認できませんでした。
doctor-stores-unknown-remedy = Pod でコマンドを実行する権限（pods/exec の create）と、イメージ内の Ruby（Mastodon のイメージには入っています）が必要です。
doctor-stores-reached = { $store } に内側から届きます：{ $address }
doctor-stores-without = { $store } に内側から届きません：{ $address }
doctor-stores-without-remedy = 旧環境からも届いていません。それでよいか確かめてください。
doctor-stores-unreached = { $store } に内側から届きません：{ $address }
doctor-stores-unreached-remedy = これなしでは、旧環境も新環境も動きません。動いていることと、NetworkPolicy を確かめてください。
doctor-trial-accepted = API サーバーは、すべての変更を受け入れます（{ $changes } 件を試行）。
doctor-trial-untried = 失敗することが分かっているため、変更を API サーバーで試していません。
doctor-trial-untried-remedy = 支障を取り除いてから、もう一度確かめてください。
doctor-trial-refused = API サーバーは { $change }（{ $step }）を拒みます：{ $why }
doctor-trial-refused-remedy = 変更できない項目には別の --release が必要です。受け入れの規則や割り当ては、求めるものを自ら述べています。
# 移行方式
strategy-rolling = ローリング
plan-headline-rolling = 名前空間 { $namespace } のリリース { $release } へローリングで移行します（{ $steps } 手順）：
why-quota = ローリングを選びました。ResourceQuota/{ $quota } の { $resource } の残りは { $left } で、旧環境と並べて新環境の Pod をすべて動かすには { $needed } 必要です。
step-of-part = { $title }（{ $part }）
step-raise-green-title = 新環境の Pod の起動（未公開）
step-raise-green-what = 新環境の最初の Pod を起動し、準備完了のプローブに合格するまで待ちます。利用者が使う Service からは、まだ選択されていません。
step-raise-green-check = 下に挙げた各 Deployment の準備完了 Pod 数が、指定した数に達していること。
step-raise-green-undo = これらの Deployment をレプリカ数 0 に戻し、Pod がなくなるまで待ちます。誰も使っていません。
step-shift-pods-title = Pod を 1 個ずつ入れ替え
step-shift-pods-what = 新環境の Pod を 1 個増やし、準備完了と正しい応答を確かめ、入口が認識するのを待ちます。次に旧環境の Pod を 1 個 Service から外し、入口が送らなくなってから終了します。旧環境の Pod がなくなるまで繰り返します。余分な Pod は常に 1 個以内です。
step-shift-pods-check = 旧環境の Deployment に Pod が残っておらず、新環境の Pod がすべて準備完了で、リクエストの失敗がないこと。
step-shift-pods-undo = 逆の順に、旧環境の Pod を 1 個増やして準備完了を待ち、新環境の Pod を 1 個減らします。監視基準を外れ、旧環境の Pod が半数以上残っている場合は、全員をただちに旧環境へ戻します。
strategy-maintenance = メンテナンス
plan-headline-maintenance = 名前空間 { $namespace } のリリース { $release } へ、メンテナンスページを出して移行します（{ $steps } 手順）：
why-host-port = メンテナンスを選びました。両環境の Pod がノードのポート { $port }（hostPort）を使うため、同じノードでは旧環境が終了しないと新環境を始められません。ノードに余裕があれば --strategy blue-green も選べます。
why-claim-of-one-pod = メンテナンスを選びました。PersistentVolumeClaim/{ $claim } は 1 個の Pod しか使えないため、旧環境が終了しないと新環境を始められません。
step-raise-page-title = メンテナンスページの準備（未公開）
step-raise-page-what = ページのファイル、Deployment、Service を作成します。API サーバー経由で各 Pod に問い合わせ、Retry-After 付きの 503 が返ることを確かめます。
step-raise-page-check = ページの Pod が準備完了で、転送したポートへの `curl -i` に 503 と Retry-After が返ること。
step-raise-page-undo = ページのオブジェクトを削除します。まだ誰にも表示されていません。
step-show-page-title = メンテナンスページの表示
step-show-page-what = 各 Service が旧環境とページの両方を選択し、続いてページだけを選択します。ブラウザーには日本語と英語のページ、プログラムには読み取れるエラーが返り、他のサーバーには Retry-After 付きの 503 が返って後で配送し直されます。
step-show-page-check = 各 Service のエンドポイントがページの Pod だけになり、すべての応答が Retry-After 付きの 503 であること。
step-show-page-undo = 旧環境の Pod が準備完了になってから、各 Service のセレクターを旧環境のものに戻します。
step-hide-page-title = 新環境の公開
step-hide-page-what = 各 Service がページと新環境の両方を選択し、続いて新環境だけを選択します。どの入口もページへ送らなくなった時点で、メンテナンスは終わりです。
step-hide-page-check = 各 Service のエンドポイントが新環境の Pod だけになり、リクエストの失敗がないこと。
step-hide-page-undo = 各 Service のセレクターをページのものに戻します。
step-remove-page-title = メンテナンスページの撤去
step-remove-page-what = ページのオブジェクトを削除します。もう誰にも表示されていません。
step-remove-page-check = コマンドに挙げたオブジェクトがなくなっていること。
step-remove-page-undo = ページのオブジェクトを戻し、Pod が準備完了になるまで待ちます。
judgement-maintenance = { $requests } 件のリクエストに、予告したメンテナンスページ（Retry-After 付きの 503）が返りました。期間は { $span }、実際のクラスターでは約 { $life } です。他のサーバーは後で配送し直すため、失敗には数えません。
problem-page-file = { $path } を読めません：{ $reason }
problem-page-logo-kind = { $path } は、どのブラウザーでも表示できる種類の画像ではありません。
problem-page-logo-kind-remedy = SVG、PNG、WebP、GIF、JPEG のいずれかを、その拡張子で指定してください。
problem-page-logo-large = { $path } はメンテナンスページには大きすぎます。
problem-page-logo-large-remedy = 256 KiB 以下にしてください。ConfigMap に入れるためです。
step-shift-weights-title = 利用者の段階的な移行
step-shift-weights-what = 各ルートが、100 件のリクエストのうち 1 件、10 件、50 件、最後に 100 件を新環境の Service へ送ります。段階ごとに監視します。
step-shift-weights-check = 各 HTTPRoute がすべてのリクエストを新環境の Service へ送り、リクエストの失敗がないこと。
step-shift-weights-undo = 各 HTTPRoute の backendRefs を元に戻します。全員がただちに旧環境へ戻ります。
step-restore-routes-title = ルートの復元
step-restore-routes-what = 各ルートを、もとの Service へ戻します。その Service の背後は、すでに新環境です。
step-restore-routes-check = 各 HTTPRoute がバックアップと同じで、リクエストの失敗がないこと。
step-restore-routes-undo = ルートは Service が選択する側へ届くので、取り消すものはありません。
runbook-concern-waves = 常時接続が一斉につなぎ直されないよう、{ $pause }おきに最大 { $parts } 回に分けて終了：{ $names }
step-observe-alone-title = 経過観察（新環境のみ）
step-observe-alone-what = 利用者は新環境を使っています。旧環境のオブジェクトは Pod のないまま残してあり、監視基準を外れたときは順を追って戻します。
doctor-schedulers-known = 名前空間を見るかぎり、スケジュールを実行しているのは旧環境だけです。
doctor-schedulers-other = { $object } がスケジュール付きの Sidekiq を実行していますが、設定の取得元が異なります。別のサーバーのもののようです。
doctor-schedulers-other-remedy = 同じデータベースを使っているなら、レプリカ数を 0 にするか、このオブジェクトも含めて計画し直してください。
doctor-schedulers-stranger = { $object } が旧環境の設定でスケジュールを実行していますが、計画にありません。新環境のスケジュールと並行して動き続けてしまいます。
doctor-schedulers-stranger-remedy = レプリカ数を 0 にするか、ほかのワーカーと一緒に引き継がれるよう、名前空間から計画し直してください。
doctor-schedulers-registered = { $process } が Sidekiq の Redis に登録されてスケジュールを実行していますが、新旧どちらの環境のものでもありません。
doctor-schedulers-registered-remedy = 動いている場所（別のクラスターや以前のサーバー）で終了してください。強制終了した直後のプロセスは 1 分ほどで登録から消えます。

# 移行の後に残る状態
runbook-concern-stays-paused = 移行が終わっても、一時停止のままです。リポジトリの内容はまだ旧環境なので、再開すると新環境の隣に旧環境が作り直され、スケジューラーが二重に動きます。先に新環境をリポジトリに入れて（`mastoferry convert … --with flux` または `--with argo-cd`）、その後で次を実行してください：
problem-database-shared = 移行はデータベースを変更していません。新旧の環境は同じデータベースを使い、マイグレーションも実行していません。戻すべき以前の状態はありません。
problem-database-shared-remedy = `mastoferry rollback --level release` で、移行が行ったすべての変更が元に戻り、行は失われません。ご自身のダンプを復元すると、ダンプの作成以降に書き込まれたすべての行が失われます（移行の開始：{ $since }）。

# Web の Pod から見た環境、ユーザー、チャート
doctor-versions-postgres = PostgreSQL { $version } は Mastodon { $mastodon } の要件（{ $needed } 以降）を満たしています。
doctor-versions-postgres-old = PostgreSQL { $version } は、Mastodon { $mastodon } が必要とする { $needed } より古いです。
doctor-versions-postgres-old-remedy = 移行自体はマイグレーションを実行しないため影響しませんが、次の `rails db:migrate` が失敗します。PostgreSQL の更新は、移行の前か後に行ってください。
doctor-versions-redis = Redis { $version } は Mastodon { $mastodon } の要件（{ $needed } 以降）を満たしています。
doctor-versions-redis-old = Redis { $version } は古いため、Mastodon { $mastodon } の Sidekiq が起動しません（{ $needed } 以降が必要です）。
doctor-versions-redis-old-remedy = 先に Redis を更新してください。
doctor-versions-chart = チャート { $chart } は Kubernetes { $version } に対応しています（{ $wanted }）。
doctor-versions-chart-other = チャート { $chart } が対応する Kubernetes は { $wanted } で、{ $version } には対応していません。移行後の `helm upgrade` が拒否されます。
doctor-versions-chart-other-remedy = 先にクラスターを更新するか、別のバージョンのチャートに変換してください。
doctor-images-user = { $workload } は root での実行が禁止されていますが、{ $image } のユーザーは番号ではなく名前で指定されているため、kubelet が起動しません。
doctor-images-user-remedy = runAsUser: 991（これらのイメージのユーザー mastodon の番号）を指定してください。
doctor-images-root = { $workload } は root での実行が禁止されていますが、ユーザー 0 が指定されているため、kubelet が起動しません（{ $image }）。
doctor-images-root-remedy = runAsUser: 991 を指定するか、runAsNonRoot を外してください。
doctor-volumes-readonly = PersistentVolumeClaim { $claim } の { $path } に、旧環境の Pod は書き込めません。{ $workload } も同じボリュームをマウントします（所有者 { $owner }、モード { $mode }）。
doctor-volumes-readonly-remedy = 利用者のメディアをそこに置いている場合は、先に書き込めるようにしてください。今もアップロードは失敗しています。
doctor-volumes-denied = { $workload } はユーザー { $user } で動き、PersistentVolumeClaim { $claim } の { $path } に書き込めません（所有者 { $owner }、モード { $mode }）。
doctor-volumes-denied-remedy = 旧環境と同じ runAsUser と fsGroup を指定するか、先にファイルの所有者をユーザー { $user } に変えてください。
doctor-volumes-given = { $workload } はユーザー { $user } で動き、fsGroup にファイルの権限が与えられた場合に限り、PersistentVolumeClaim { $claim } の { $path } に書き込めます（所有者 { $owner }、モード { $mode }）。
doctor-volumes-given-remedy = fsGroup に対応しないボリューム（NFS など）があり、ファイルが多いと時間がかかります。旧環境と同じ runAsUser を指定するほうが安全です。
doctor-freeze-holds = データベースのスキーマを変更する処理はありません。
doctor-freeze-at-start = 新環境の { $workload } は、起動時にマイグレーションを実行します。
doctor-freeze-at-start-remedy = 両環境が同じリリースなら、実行すべきマイグレーションはありません。起動時の処理からは外し、更新時に Job で実行するほうが安全です。
doctor-freeze-running = Job { $job } が、今マイグレーションを実行しています。
doctor-freeze-running-remedy = 終わるのを待ってください。移行が終わるまで、次のマイグレーションは始めないでください。
report-breach-silent = 測定できず、この規則ではそれ自体が理由になります
terminal-rollback-traffic = 利用者
terminal-rollback-release = 全体
terminal-after-verdict = 判定から { $span } で旧環境に復帰

## Data: media
data-media-same-place = 移行元と移行先が重なっています（{ $from } と { $to }）。
data-media-same-place-remedy = 移行元の外にある移行先か、別のプレフィックス（S3_KEY_PREFIX）を指定してください。
data-media-source-read = { $place } を読み取れます（オブジェクト { $objects } 個、{ $bytes } バイト）。
data-media-source-empty = { $place } には何もありません。
data-media-source-empty-remedy = Mastodon の public/system にあたるフォルダーか、S3_KEY_PREFIX が正しいかを確認してください。
data-media-source-lost = { $place } は空ですが、移行先には何かあります。
data-media-source-lost-remedy = ボリュームがマウントされているか、バケットとプレフィックスが正しいかを確認してください。このまま --delete を使うと、すべて削除されてしまいます。
data-media-source-denied = この認証情報では { $place } を読み取れません（{ $reason }）。
data-media-source-denied-remedy = バケットの一覧、オブジェクトとその ACL の読み取りを許可してください。フォルダーの場合は、読み取れるユーザーで実行してください。
data-media-source-missing = { $place } がありません（{ $reason }）。
data-media-source-missing-remedy = S3_BUCKET、S3_ENDPOINT、S3_REGION、またはフォルダーの指定を確認してください。
data-media-source-name = { $place } に、移行できない名前があります（{ $reason }）。
data-media-source-name-remedy = 名前を変えるか、削除してください。Mastodon 自身がこのような名前を作ることはありません。
data-media-source-unreachable = { $place } が応答しません（{ $reason }）。
data-media-source-unreachable-remedy = S3_ENDPOINT（http か https か、ポート）、ネットワーク、証明書を確認してください。
data-media-source-acl = 移行元のオブジェクトの ACL を読み取れます。どのオブジェクトの ACL も引き継ぎます。
data-media-source-acl-denied = 移行元のオブジェクトの ACL を読み取れません（{ $reason }）。非公開のものが公開されるおそれがあります。
data-media-source-acl-denied-remedy = 読み取り（s3:GetObjectAcl）を許可してください。移行元で ACL を使っていない場合は、その設定で S3_PERMISSION を空にしてください。
data-media-names-unusable = 移行元に、移行できない名前が { $count } 個あります: { $first }
data-media-names-unusable-remedy = 名前を変えるか削除し、リンクは実体に置き換えてください。Mastodon 自身がこのような名前を作ることはありません。
data-media-target-names = { $place } に、メディアのファイルではなく、別の場所につながるおそれのあるものが { $count } 個あります: { $first }
data-media-target-names-remedy = 先に、移行先からリンクや特殊ファイルを取り除いてください。
data-media-target-denied = この認証情報では { $place } に書き込めません（{ $reason }）。
data-media-target-denied-remedy = オブジェクトの一覧、読み取り、書き込み、削除、ACL の設定、マルチパートアップロードを許可してください。フォルダーの場合は、書き込めるユーザーで実行してください。
data-media-target-missing = { $place } がありません（{ $reason }）。
data-media-target-missing-remedy = 先にバケットを作るか、S3_BUCKET、S3_ENDPOINT、S3_REGION を確認してください。
data-media-target-full = { $place } に空きがありません（{ $reason }）。
data-media-target-full-remedy = 空きを作るか、上限を引き上げてください。
data-media-target-name = { $place } に、Mastodon のオブジェクトにはない名前があります（{ $reason }）。
data-media-target-name-remedy = 空のバケットか、専用のプレフィックス（S3_KEY_PREFIX）を使ってください。
data-media-target-unreachable = { $place } が応答しません（{ $reason }）。
data-media-target-unreachable-remedy = S3_ENDPOINT（http か https か、ポート）、ネットワーク、証明書を確認してください。
data-media-target-lossy = { $place } から、書き込んだものと違う内容が返ってきました（{ $reason }）。
data-media-target-lossy-remedy = 原因が分かるまで使わないでください。
data-media-target-refused = { $place } が、コピーに必要な操作を拒否しました（{ $reason }）。
data-media-target-refused-remedy = リージョン、パス形式、ストレージクラスなどの設定を、提供元の説明と見比べてください。
data-media-target-tried = { $place } で、試験用のオブジェクトを書き込み、同じ内容を読み戻し、削除しました。
data-media-target-empty = { $place } は空です。オブジェクト { $objects } 個（{ $bytes } バイト）をコピーします。
data-media-target-equal = { $place } には、移行元のオブジェクトがすでに { $count } 個あります。残る { $objects } 個（{ $bytes } バイト）をコピーします。
data-media-target-different = { $place } に、移行元と同じ名前で内容の違うオブジェクトが { $count } 個あります: { $first }
data-media-target-different-remedy = この移行で書き込んだもの以外は上書きしません。移行先を空にするか、専用のプレフィックス（S3_KEY_PREFIX）を使ってください。
data-media-target-foreign = { $place } に、移行元になく、この移行で書き込んだものでもないオブジェクトが { $count } 個あります: { $first }
data-media-target-foreign-remedy = 移行先を空にするか、専用のプレフィックス（S3_KEY_PREFIX）を使ってください。
data-media-acl-kept = 移行先では ACL が有効です。非公開のものは非公開のまま移ります。
data-media-acl-off = S3_PERMISSION が空なので ACL は送りません。誰が読めるかは、バケットのポリシーで決まります。
data-media-acl-off-remedy = ポリシーで、メディアは公開、backups/ 以下は非公開になっていることを確認してください。
data-media-acl-ignored = 移行先は ACL を受け付けますが、反映しません。誰が読めるかは、バケットのポリシーで決まります。
data-media-acl-ignored-remedy = ここでも Mastodon でも S3_PERMISSION を空にし、ポリシーで、メディアは公開、backups/ 以下は非公開になっていることを確認してください。
data-media-acl-unread = 移行先は ACL を受け付けますが、読み取れません（{ $reason }）。反映されたかどうかは確認できません。
data-media-acl-unread-remedy = 読み取り（s3:GetObjectAcl）を許可するか、非公開のオブジェクトに外部から一度アクセスして確かめてください。
data-media-acl-refused = { $place } は ACL を受け付けません（{ $reason }）。
data-media-acl-refused-remedy = ここでも Mastodon でも S3_PERMISSION を空にし、バケットのポリシーでメディアを公開してください。
data-media-headers-lost = 移行先は、オブジェクトの Content-Type か Cache-Control を保持しません。
data-media-headers-lost-remedy = 配信する側で、両方のヘッダーを付けてください。
data-media-folder-headers = フォルダーには、Content-Type とキャッシュ用のヘッダーを保存できません。
data-media-folder-headers-remedy = フォルダーを配信する側で付けてください。Mastodon 付属の nginx の設定では、/system に付くようになっています。
data-media-room = { $place } には十分な空きがあります（空き { $free } バイト、必要 { $bytes } バイト）。
data-media-room-short = { $place } の空きは { $free } バイトです。ファイル { $objects } 個、{ $bytes } バイトは入りません。
data-media-room-short-remedy = 空きを作るか、より大きなボリュームを使ってください。
data-media-room-files = { $place } に作れるファイルとフォルダーは、あと { $free } 個です。ファイル { $objects } 個は入りません。
data-media-room-files-remedy = inode の多いファイルシステムを作り直してください。
data-media-room-unknown = { $place } の空き容量が分かりません（{ $reason }）。
data-media-room-unknown-remedy = ファイル { $objects } 個、{ $bytes } バイトが入ることを確認してください。
data-media-estimate = オブジェクト { $objects } 個（{ $bytes } バイト）に、試験時の速さでおよそ { $seconds } 秒かかります。
problem-media-place = メディアの場所の指定を使えません: { $reason }
problem-media-place-remedy = フォルダーか、env:、env:接頭辞、file:パス を指定してください。後の 3 つは、S3_BUCKET、AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY など Mastodon の設定を環境変数かファイルから読みます。
problem-media-place-url = バケットを URL で指定することはできません。コマンドの引数に鍵を書かないためです。
problem-media-place-url-remedy = S3_BUCKET、S3_ENDPOINT、AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY を環境変数に設定して env: を指定するか、ファイルに書いて file:パス を指定してください。
problem-media-failed = { $reason }
problem-media-failed-remedy = 移行先に書きかけのものはありません。同じコマンドをもう一度実行すると、続きから再開します。
problem-media-full = { $reason }
problem-media-full-remedy = 空きを作り、同じコマンドをもう一度実行すると、続きから再開します。
problem-media-held = { $reason }
problem-media-held-remedy = 実行中のプロセスが終わるのを待つか、別の --state を指定してください。
problem-media-other = { $reason }
problem-media-other-remedy = この移行には別の --state を指定してください。
problem-media-state = { $reason }
problem-media-state-remedy = --state に空のフォルダーを指定してください。すでに同じ内容のオブジェクトは見分けられ、コピーし直しません。
problem-media-part = 範囲 { $part } はありません。
problem-media-part-remedy = 範囲は 0 から数えます。`mastoferry data media job` で表示できます。
media-cleaned = 移行先に残っているのは、コピーしたメディアだけです。状態のフォルダーは削除できます。
media-progress = オブジェクト { $items } / { $all }、{ $bytes } / { $bytes-in-all }、{ $rate }/秒、残り { $left }
media-outcome = { $copied } 個（{ $copied-bytes }）をコピーし、読み戻して一致を確認しました。変更なし { $unchanged } 個、削除 { $deleted } 個、途中で消えたもの { $gone } 個。移行元は { $objects } 個（{ $bytes }）です。所要時間は { $span } でした。
media-outcome-surplus = 移行元から { $count } 個が消えています。`delta --delete` で移行先からも削除できます。
media-outcome-conflicts = 移行先の { $count } 個は、この移行で書き込んだものではなく内容も違うため、そのまま残しました:
media-outcome-failed = { $count } 個を移行できませんでした:
media-outcome-unusable = 移行できない名前が { $count } 個あります:
media-outcome-untold = { $count } 個の Content-Type か Cache-Control が保持されませんでした:
media-outcome-foreign = 移行先の { $count } 個は、この移行で書き込んだものではなく移行元にもないため、そのまま残しました:
media-outcome-complete = 開始時に移行元にあったものは、すべて移行先にあります。
media-outcome-incomplete = 移行先には、まだ揃っていません。
media-verdict = { $objects } 個（{ $bytes }）のうち { $equal } 個を両側で読み、一致しました。所要時間は { $span } でした。
media-verdict-missing = { $count } 個が移行先にありません:
media-verdict-different = { $count } 個の内容が移行先で違います:
media-verdict-access = { $count } 個の公開範囲が両側で違います:
media-verdict-untold = { $count } 個の Content-Type か Cache-Control が移行先で違います:
media-verdict-failed = { $count } 個を読み取れませんでした:
media-verdict-surplus = { $count } 個は移行先だけにあります:
media-verdict-unasked = { $count } 個については、公開範囲を確認できない側があります。
media-verdict-fine = 移行元にあるものは、すべて移行先にあります。
media-verdict-wrong = 移行元にあるものが、移行先に揃っていません。
media-outside = 外部からの取得: { $all } 個の URL のうち { $equal } 個で同じ内容が得られました。
media-redirect = 古い URL を使い続けられるように、入口で新しい URL へ転送してください。nginx の location と、HTTPRoute の規則は次のとおりです。
media-event-opened = { $from } から { $to } へ
media-event-began = { $at }: 開始
media-event-ended = { $at }: 完了（{ $copied } 個をコピー）
media-event-incomplete = { $at }: 終了、未完了あり（{ $copied } 個をコピー）
media-event-stopped = { $at }: 停止（{ $reason }）
media-event-equal = { $at }: 検証、両側が一致
media-event-different = { $at }: 検証、両側に違いあり
