# Strategy 2 of the document. Its check of streaming, which hangs for a minute, is left out.
written kubectl scale deployment mastodon-worker --replicas=0
written helm install mastodon-sidekiq "$CHART" --values "$VALUES" \
  --set mastodon.web.replicas=0 --set mastodon.streaming.replicas=0
repair helm install mastodon-sidekiq "$CHART" --values "$VALUES" "${repaired[@]}" --timeout 3m \
  --set mastodon.web.replicas=0 --set mastodon.streaming.replicas=0 || exit 1
written kubectl logs deployment/mastodon-sidekiq-all-queues
written kubectl scale deployment mastodon-streaming --replicas=0
written helm upgrade mastodon-sidekiq "$CHART" --values "$VALUES" \
  --set mastodon.web.replicas=0 --set mastodon.streaming.replicas=1
repair helm upgrade mastodon-sidekiq "$CHART" --values "$VALUES" "${repaired[@]}" --timeout 3m \
  --set mastodon.web.replicas=0 --set mastodon.streaming.replicas=1 || exit 1
repair kubectl rollout status deployment/mastodon-sidekiq-streaming --timeout=300s
written kubectl scale deployment mastodon-web --replicas=0
written helm upgrade mastodon-sidekiq "$CHART" --values "$VALUES" \
  --set mastodon.web.replicas=1 --set mastodon.streaming.replicas=1
repair helm upgrade mastodon-sidekiq "$CHART" --values "$VALUES" "${repaired[@]}" --timeout 3m \
  --set mastodon.web.replicas=1 --set mastodon.streaming.replicas=1 || exit 1
written kubectl wait --for=condition=ready pod -l app.kubernetes.io/component=web --timeout=300s
written kubectl delete ingress mastodon
sleep 5
written kubectl delete deployment mastodon-web mastodon-streaming mastodon-worker
written kubectl delete service mastodon-web mastodon-streaming mastodon-assets mastodon-emoji
repair kubectl rollout status deployment/mastodon-sidekiq-web --timeout=300s
