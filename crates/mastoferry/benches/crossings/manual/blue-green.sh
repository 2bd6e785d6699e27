# Strategy 1 of the document. Its pauses for looking (five and ten minutes) are left out.
for part in web streaming worker; do
  written kubectl label deployment "mastodon-$part" app.kubernetes.io/version=kustomize
done
written helm install mastodon-helm "$CHART" --values "$VALUES" --set nameOverride=mastodon-helm
repair helm install mastodon-helm "$CHART" --values "$VALUES" --set nameOverride=mastodon-helm "${repaired[@]}" --timeout 3m || exit 1
repair kubectl rollout status deployment/mastodon-helm-web --timeout=300s
repair kubectl rollout status deployment/mastodon-helm-streaming --timeout=300s
written kubectl delete ingress mastodon
written kubectl get ingress mastodon-helm
written kubectl annotate ingress mastodon-helm kubernetes.io/ingress.global-static-ip-name=ykzts-technology-ip \
  networking.gke.io/managed-certificates=mastodon-certificate --overwrite
sleep 5
written kubectl delete deployment mastodon-web mastodon-streaming mastodon-worker
written kubectl delete service mastodon-web mastodon-streaming mastodon-assets mastodon-emoji
# Step 8, the names.
written helm uninstall mastodon-helm
written helm install mastodon "$CHART" --values "$VALUES"
repair helm install mastodon "$CHART" --values "$VALUES" "${repaired[@]}" --timeout 3m
repair kubectl delete configmap mastodon-env
repair helm install mastodon "$CHART" --values "$VALUES" "${repaired[@]}" --timeout 3m || exit 1
repair kubectl rollout status deployment/mastodon-web --timeout=300s
repair kubectl rollout status deployment/mastodon-streaming --timeout=300s
