-- What grows on a Mastodon server, with its columns, indexes and keys (db/schema.rb of 4.5): {rows} posts, and what goes with
-- them. Ids come from sequences that are named at run time.
CREATE FUNCTION public.timestamp_id(table_name text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN ((date_part('epoch', now()) * 1000)::bigint << 16)
    | (nextval(format('public.%I', table_name || '_id_seq')) & 65535);
END
$$;
CREATE SEQUENCE public.accounts_id_seq;
CREATE SEQUENCE public.statuses_id_seq;
CREATE SEQUENCE public.media_attachments_id_seq;
CREATE TABLE public.schema_migrations (version character varying PRIMARY KEY);
CREATE TABLE public.accounts (
  id bigint DEFAULT public.timestamp_id('accounts') PRIMARY KEY,
  username character varying DEFAULT '' NOT NULL, domain character varying,
  private_key text, public_key text DEFAULT '' NOT NULL,
  created_at timestamp without time zone NOT NULL, updated_at timestamp without time zone NOT NULL,
  note text DEFAULT '' NOT NULL, display_name character varying DEFAULT '' NOT NULL,
  uri character varying DEFAULT '' NOT NULL, url character varying,
  avatar_file_name character varying, avatar_content_type character varying, avatar_file_size integer,
  avatar_updated_at timestamp without time zone, locked boolean DEFAULT false NOT NULL,
  last_webfingered_at timestamp without time zone, inbox_url character varying DEFAULT '' NOT NULL,
  outbox_url character varying DEFAULT '' NOT NULL, shared_inbox_url character varying DEFAULT '' NOT NULL,
  followers_url character varying DEFAULT '' NOT NULL, protocol integer DEFAULT 0 NOT NULL,
  moved_to_account_id bigint, fields jsonb, actor_type character varying, discoverable boolean,
  also_known_as character varying[], indexable boolean DEFAULT false NOT NULL
);
CREATE TABLE public.statuses (
  id bigint DEFAULT public.timestamp_id('statuses') PRIMARY KEY,
  uri character varying, text text DEFAULT '' NOT NULL,
  created_at timestamp without time zone NOT NULL, updated_at timestamp without time zone NOT NULL,
  in_reply_to_id bigint, reblog_of_id bigint, url character varying,
  sensitive boolean DEFAULT false NOT NULL, visibility integer DEFAULT 0 NOT NULL,
  spoiler_text text DEFAULT '' NOT NULL, reply boolean DEFAULT false NOT NULL, language character varying,
  conversation_id bigint, local boolean, account_id bigint NOT NULL, application_id bigint,
  in_reply_to_account_id bigint, poll_id bigint, deleted_at timestamp without time zone,
  edited_at timestamp without time zone, trendable boolean, ordered_media_attachment_ids bigint[]
);
CREATE TABLE public.media_attachments (
  id bigint DEFAULT public.timestamp_id('media_attachments') PRIMARY KEY,
  status_id bigint, file_file_name character varying, file_content_type character varying, file_file_size integer,
  file_updated_at timestamp without time zone, remote_url character varying DEFAULT '' NOT NULL,
  created_at timestamp without time zone NOT NULL, updated_at timestamp without time zone NOT NULL,
  shortcode character varying, type integer DEFAULT 0 NOT NULL, file_meta json, account_id bigint, description text,
  blurhash character varying, processing integer
);
CREATE TABLE public.favourites (
  id bigserial PRIMARY KEY, created_at timestamp without time zone NOT NULL,
  updated_at timestamp without time zone NOT NULL, account_id bigint NOT NULL, status_id bigint NOT NULL
);
CREATE TABLE public.notifications (
  id bigserial PRIMARY KEY, activity_id bigint NOT NULL, activity_type character varying NOT NULL,
  created_at timestamp without time zone NOT NULL, updated_at timestamp without time zone NOT NULL,
  account_id bigint NOT NULL, from_account_id bigint NOT NULL, type character varying,
  filtered boolean DEFAULT false NOT NULL, group_key character varying
);
CREATE TABLE public.follows (
  id bigserial PRIMARY KEY, created_at timestamp without time zone NOT NULL,
  updated_at timestamp without time zone NOT NULL, account_id bigint NOT NULL, target_account_id bigint NOT NULL,
  show_reblogs boolean DEFAULT true NOT NULL, uri character varying, notify boolean DEFAULT false NOT NULL,
  languages character varying[]
);
CREATE TABLE public.mentions (
  id bigserial PRIMARY KEY, status_id bigint NOT NULL, created_at timestamp without time zone NOT NULL,
  updated_at timestamp without time zone NOT NULL, account_id bigint NOT NULL, silent boolean DEFAULT false NOT NULL
);
CREATE TABLE public.status_stats (
  id bigserial PRIMARY KEY, status_id bigint NOT NULL, replies_count bigint DEFAULT 0 NOT NULL,
  reblogs_count bigint DEFAULT 0 NOT NULL, favourites_count bigint DEFAULT 0 NOT NULL,
  created_at timestamp without time zone NOT NULL, updated_at timestamp without time zone NOT NULL
);
CREATE TABLE public.tags (
  id bigserial PRIMARY KEY, name character varying DEFAULT '' NOT NULL,
  created_at timestamp without time zone NOT NULL, updated_at timestamp without time zone NOT NULL
);
CREATE TABLE public.statuses_tags (status_id bigint NOT NULL, tag_id bigint NOT NULL, PRIMARY KEY (tag_id, status_id));
-- As servers had it before it got a key.
CREATE TABLE public.accounts_tags (account_id bigint NOT NULL, tag_id bigint NOT NULL);

INSERT INTO public.schema_migrations SELECT (20250101000000 + n)::text FROM generate_series(1, 500) n;
INSERT INTO public.accounts (id, username, domain, public_key, created_at, updated_at, note, display_name, uri, url,
    avatar_file_name, avatar_content_type, avatar_file_size, last_webfingered_at, inbox_url, shared_inbox_url, fields,
    actor_type, discoverable)
  SELECT n, 'user' || n, CASE WHEN n % 20 > 0 THEN 'sea' || n % 5000 || '.example' END, repeat(md5(n::text), 13),
    t, t + interval '1 day', 'I am user ' || n || ' and ' || repeat('like the sea ', (n % 12)::int), 'User ' || n % 40000,
    'https://sea' || n % 5000 || '.example/users/user' || n, 'https://sea' || n % 5000 || '.example/@user' || n,
    md5(n::text) || '.png', 'image/png', n % 90000, t + interval '2 days',
    'https://sea' || n % 5000 || '.example/users/user' || n || '/inbox', 'https://sea' || n % 5000 || '.example/inbox',
    '[{"name":"site","value":"https://sea.example/"}]', 'Person', n % 5 = 0
  FROM (SELECT n, '2019-01-01'::timestamp + n * interval '701 s' t FROM generate_series(1::bigint, {rows} / 15) n) it;
INSERT INTO public.statuses (id, uri, text, created_at, updated_at, in_reply_to_id, reblog_of_id, url, visibility, reply,
    language, conversation_id, local, account_id, in_reply_to_account_id, deleted_at, ordered_media_attachment_ids)
  SELECT n * 65536, 'https://sea' || author % 5000 || '.example/users/user' || author || '/statuses/' || n,
    CASE WHEN n % 7 > 0 THEN '<p>' || repeat('the tide comes and goes ' || n || ' ', (n * 31 % 13)::int) || '</p>' ELSE '' END,
    t, t + interval '3 s', CASE WHEN n % 5 = 1 AND n > 1 THEN (n - 1) * 65536 END, CASE WHEN n % 7 = 0 THEN (n - 1) * 65536 END,
    CASE WHEN n % 7 > 0 THEN 'https://sea' || author % 5000 || '.example/@user' || author || '/' || n END, n % 4,
    n % 5 = 1, CASE WHEN n % 3 = 0 THEN 'ja' ELSE 'en' END, n / 2, n % 20 = 0, author,
    CASE WHEN n % 5 = 1 THEN author END, CASE WHEN n % 100 = 0 THEN t + interval '1 day' END,
    CASE WHEN n % 6 = 0 THEN ARRAY[n * 65536] END
  FROM (SELECT n, 1 + n * 7919 % ({rows} / 15) author, '2020-01-01'::timestamp + n * interval '53 s' t
    FROM generate_series(1::bigint, {rows}) n) it;
INSERT INTO public.media_attachments (id, status_id, file_file_name, file_content_type, file_file_size, file_updated_at,
    remote_url, created_at, updated_at, file_meta, account_id, description, blurhash)
  SELECT n * 65536 * 6, n * 65536 * 6, md5(n::text) || '.jpg', 'image/jpeg', n % 900000, t,
    'https://sea.example/media/' || md5(n::text) || '.jpg', t, t,
    '{"original":{"width":1200,"height":800,"size":"1200x800","aspect":1.5},"small":{"width":480,"height":320}}',
    1 + n % ({rows} / 15), CASE WHEN n % 3 = 0 THEN 'A boat on the sea' END, 'UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH'
  FROM (SELECT n, '2020-01-01'::timestamp + n * interval '318 s' t FROM generate_series(1::bigint, {rows} / 6) n) it;
INSERT INTO public.favourites (created_at, updated_at, account_id, status_id)
  SELECT t, t, 1 + n * 104729 % ({rows} / 15), (1 + n * 1000003 % {rows}) * 65536
  FROM (SELECT n, '2020-01-01'::timestamp + n * interval '79 s' t FROM generate_series(1::bigint, {rows} * 2 / 3) n) it;
INSERT INTO public.notifications (activity_id, activity_type, created_at, updated_at, account_id, from_account_id, type, group_key)
  SELECT n, CASE WHEN n % 3 = 0 THEN 'Mention' ELSE 'Favourite' END, t, t, 1 + n * 7919 % ({rows} / 15),
    1 + n * 104729 % ({rows} / 15), CASE WHEN n % 3 = 0 THEN 'mention' ELSE 'favourite' END,
    CASE WHEN n % 3 > 0 THEN 'favourite-' || n / 5 || '-27' END
  FROM (SELECT n, '2020-01-01'::timestamp + n * interval '106 s' t FROM generate_series(1::bigint, {rows} / 2) n) it;
INSERT INTO public.follows (created_at, updated_at, account_id, target_account_id, uri)
  SELECT t, t, 1 + n % ({rows} / 15), 1 + (n * 7919 + n / ({rows} / 15)) % ({rows} / 15),
    CASE WHEN n % 2 = 0 THEN 'https://sea.example/' || md5(n::text) END
  FROM (SELECT n, '2020-01-01'::timestamp + n * interval '159 s' t FROM generate_series(1::bigint, {rows} / 3) n) it;
INSERT INTO public.mentions (status_id, created_at, updated_at, account_id)
  SELECT (1 + n * 3 % {rows}) * 65536, t, t, 1 + n * 7919 % ({rows} / 15)
  FROM (SELECT n, '2020-01-01'::timestamp + n * interval '159 s' t FROM generate_series(1::bigint, {rows} / 3) n) it;
INSERT INTO public.status_stats (status_id, replies_count, favourites_count, created_at, updated_at)
  SELECT n * 3 * 65536, n % 3, n % 5, t, t
  FROM (SELECT n, '2020-01-01'::timestamp + n * interval '159 s' t FROM generate_series(1::bigint, {rows} / 3) n) it;
INSERT INTO public.tags (name, created_at, updated_at)
  SELECT 'tag' || n, '2020-01-01', '2020-01-01' FROM generate_series(1, 50000) n;
INSERT INTO public.statuses_tags SELECT (1 + n * 2 % {rows}) * 65536, 1 + n * 104729 % 50000 FROM generate_series(1::bigint, {rows} / 2) n;
INSERT INTO public.accounts_tags SELECT 1 + n % ({rows} / 15), 1 + n / ({rows} / 15) FROM generate_series(1::bigint, {rows} / 10) n;
SELECT nextval('public.accounts_id_seq'), nextval('public.statuses_id_seq') FROM generate_series(1, 77);

CREATE INDEX search_index ON public.accounts USING gin ((setweight(to_tsvector('simple', display_name), 'A')
  || setweight(to_tsvector('simple', username), 'B') || setweight(to_tsvector('simple', COALESCE(domain, '')), 'C')));
CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower ON public.accounts (lower(username), COALESCE(lower(domain), ''));
CREATE INDEX index_accounts_on_domain_and_id ON public.accounts (domain, id);
CREATE INDEX index_accounts_on_uri ON public.accounts (uri);
CREATE INDEX index_accounts_on_url ON public.accounts (url text_pattern_ops) WHERE url IS NOT NULL;
CREATE INDEX index_statuses_20190820 ON public.statuses (account_id, id DESC, visibility, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX index_statuses_local_20190824 ON public.statuses (id DESC, account_id) WHERE (local OR uri IS NULL)
  AND deleted_at IS NULL AND visibility = 0 AND reblog_of_id IS NULL AND (NOT reply OR in_reply_to_account_id = account_id);
CREATE INDEX index_statuses_public_20250129 ON public.statuses (id DESC, language, account_id) WHERE deleted_at IS NULL
  AND visibility = 0 AND reblog_of_id IS NULL AND (NOT reply OR in_reply_to_account_id = account_id);
CREATE INDEX index_statuses_on_account_id ON public.statuses (account_id);
CREATE INDEX index_statuses_on_deleted_at ON public.statuses (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX index_statuses_on_in_reply_to_account_id ON public.statuses (in_reply_to_account_id) WHERE in_reply_to_account_id IS NOT NULL;
CREATE INDEX index_statuses_on_in_reply_to_id ON public.statuses (in_reply_to_id) WHERE in_reply_to_id IS NOT NULL;
CREATE INDEX index_statuses_on_reblog_of_id_and_account_id ON public.statuses (reblog_of_id, account_id);
CREATE UNIQUE INDEX index_statuses_on_uri ON public.statuses (uri text_pattern_ops) WHERE uri IS NOT NULL;
CREATE INDEX index_statuses_on_url ON public.statuses (url text_pattern_ops)
  WHERE url IS NOT NULL AND url::text <> uri::text;
CREATE INDEX index_media_attachments_on_account_id_and_status_id ON public.media_attachments (account_id, status_id DESC);
CREATE INDEX index_media_attachments_on_status_id ON public.media_attachments (status_id);
CREATE UNIQUE INDEX index_media_attachments_on_shortcode ON public.media_attachments (shortcode text_pattern_ops) WHERE shortcode IS NOT NULL;
CREATE INDEX index_favourites_on_account_id_and_id ON public.favourites (account_id, id);
CREATE UNIQUE INDEX index_favourites_on_account_id_and_status_id ON public.favourites (account_id, status_id);
CREATE INDEX index_favourites_on_status_id ON public.favourites (status_id);
CREATE INDEX index_notifications_on_account_id_and_id_and_type ON public.notifications (account_id, id DESC, type);
CREATE INDEX index_notifications_on_activity_id_and_activity_type ON public.notifications (activity_id, activity_type);
CREATE INDEX index_notifications_on_from_account_id ON public.notifications (from_account_id);
CREATE INDEX index_notifications_on_account_id_and_group_key ON public.notifications (account_id, group_key) WHERE group_key IS NOT NULL;
CREATE UNIQUE INDEX index_follows_on_account_id_and_target_account_id ON public.follows (account_id, target_account_id);
CREATE INDEX index_follows_on_target_account_id_and_account_id ON public.follows (target_account_id, account_id);
CREATE UNIQUE INDEX index_mentions_on_account_id_and_status_id ON public.mentions (account_id, status_id);
CREATE INDEX index_mentions_on_status_id ON public.mentions (status_id);
CREATE UNIQUE INDEX index_status_stats_on_status_id ON public.status_stats (status_id);
CREATE INDEX index_status_stats_on_reblogs_count ON public.status_stats (reblogs_count DESC);
CREATE UNIQUE INDEX index_tags_on_name_lower_btree ON public.tags (lower(name) text_pattern_ops);
CREATE INDEX index_statuses_tags_on_status_id ON public.statuses_tags (status_id);
CREATE UNIQUE INDEX index_accounts_tags_on_tag_id_and_account_id ON public.accounts_tags (tag_id, account_id);
CREATE INDEX index_accounts_tags_on_account_id_and_tag_id ON public.accounts_tags (account_id, tag_id);

ALTER TABLE public.statuses ADD FOREIGN KEY (account_id) REFERENCES public.accounts ON DELETE CASCADE;
ALTER TABLE public.statuses ADD FOREIGN KEY (in_reply_to_id) REFERENCES public.statuses ON DELETE SET NULL;
ALTER TABLE public.statuses ADD FOREIGN KEY (reblog_of_id) REFERENCES public.statuses ON DELETE CASCADE;
ALTER TABLE public.statuses ADD FOREIGN KEY (in_reply_to_account_id) REFERENCES public.accounts ON DELETE SET NULL;
ALTER TABLE public.media_attachments ADD FOREIGN KEY (status_id) REFERENCES public.statuses ON DELETE SET NULL;
ALTER TABLE public.media_attachments ADD FOREIGN KEY (account_id) REFERENCES public.accounts ON DELETE SET NULL;
ALTER TABLE public.favourites ADD FOREIGN KEY (account_id) REFERENCES public.accounts ON DELETE CASCADE;
ALTER TABLE public.favourites ADD FOREIGN KEY (status_id) REFERENCES public.statuses ON DELETE CASCADE;
ALTER TABLE public.notifications ADD FOREIGN KEY (account_id) REFERENCES public.accounts ON DELETE CASCADE;
ALTER TABLE public.notifications ADD FOREIGN KEY (from_account_id) REFERENCES public.accounts ON DELETE CASCADE;
ALTER TABLE public.follows ADD FOREIGN KEY (account_id) REFERENCES public.accounts ON DELETE CASCADE;
ALTER TABLE public.follows ADD FOREIGN KEY (target_account_id) REFERENCES public.accounts ON DELETE CASCADE;
ALTER TABLE public.mentions ADD FOREIGN KEY (status_id) REFERENCES public.statuses ON DELETE CASCADE;
ALTER TABLE public.mentions ADD FOREIGN KEY (account_id) REFERENCES public.accounts ON DELETE CASCADE;
ALTER TABLE public.status_stats ADD FOREIGN KEY (status_id) REFERENCES public.statuses ON DELETE CASCADE;
ALTER TABLE public.statuses_tags ADD FOREIGN KEY (status_id) REFERENCES public.statuses ON DELETE CASCADE;
ALTER TABLE public.statuses_tags ADD FOREIGN KEY (tag_id) REFERENCES public.tags ON DELETE CASCADE;

CREATE MATERIALIZED VIEW public.account_summaries AS
  SELECT accounts.id AS account_id, mode() WITHIN GROUP (ORDER BY t0.language) AS language,
    mode() WITHIN GROUP (ORDER BY t0.sensitive) AS sensitive
  FROM public.accounts CROSS JOIN LATERAL (
    SELECT statuses.account_id, statuses.language, statuses.sensitive FROM public.statuses
    WHERE statuses.account_id = accounts.id AND statuses.deleted_at IS NULL AND statuses.reblog_of_id IS NULL
    ORDER BY statuses.id DESC LIMIT 20) t0
  WHERE accounts.discoverable AND accounts.moved_to_account_id IS NULL GROUP BY accounts.id;
CREATE UNIQUE INDEX index_account_summaries_on_account_id ON public.account_summaries (account_id);
CREATE MATERIALIZED VIEW public.global_follow_recommendations AS
  SELECT t0.account_id, sum(t0.rank) AS rank FROM (
    SELECT follows.target_account_id AS account_id, count(*)::numeric / (1 + count(*)) AS rank
    FROM public.follows JOIN public.account_summaries ON account_summaries.account_id = follows.target_account_id
    GROUP BY follows.target_account_id HAVING count(*) >= 5
    UNION ALL
    SELECT statuses.account_id, count(favourites.id)::numeric / (1 + count(favourites.id)) AS rank
    FROM public.favourites JOIN public.statuses ON statuses.id = favourites.status_id
      JOIN public.account_summaries ON account_summaries.account_id = statuses.account_id
    GROUP BY statuses.account_id HAVING count(favourites.id) >= 5) t0
  GROUP BY t0.account_id;
CREATE UNIQUE INDEX index_global_follow_recommendations_on_account_id ON public.global_follow_recommendations (account_id);
ANALYZE;
