# Strategy 3 of the document; its page is shortened, the backup of the database left out.
page() {
  kubectl apply -f - <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: maintenance-page}
spec:
  replicas: 2
  selector: {matchLabels: {app: maintenance-page}}
  template:
    metadata: {labels: {app: maintenance-page}}
    spec:
      containers:
      - name: nginx
        image: nginx:alpine
        ports: [{containerPort: 80}]
        volumeMounts: [{name: html, mountPath: /usr/share/nginx/html}]
      volumes: [{name: html, configMap: {name: maintenance-html}}]
---
apiVersion: v1
kind: Service
metadata: {name: maintenance-page}
spec: {selector: {app: maintenance-page}, ports: [{port: 80, targetPort: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: maintenance-html}
data: {index.html: "<h1>メンテナンス中</h1>"}
YAML
}
written page
written kubectl patch ingress mastodon --type=json -p='[
  {"op": "replace", "path": "/spec/rules/0/http/paths/0/backend/service/name", "value": "maintenance-page"},
  {"op": "replace", "path": "/spec/rules/0/http/paths/0/backend/service/port/number", "value": 80}
]'
for part in web streaming worker; do
  written kubectl scale deployment "mastodon-$part" --replicas=0
done
written helm install mastodon "$CHART" --values "$VALUES" --timeout 15m
# The release has the names of what stands: helm tells of one in its way at a time.
for attempt in 1 2 3 4 5 6 7 8 9; do
  if refused="$(repair helm install mastodon "$CHART" --values "$VALUES" "${repaired[@]}" --timeout 15m 2>&1)"; then
    break
  fi
  echo "$refused"
  in_the_way="$(sed -n 's/.*: \([A-Za-z]*\) "\([^"]*\)" in namespace.*/\1 \2/p' <<<"$refused" | head -n 1)"
  [ -n "$in_the_way" ] || exit 1
  # shellcheck disable=SC2086
  repair kubectl delete $in_the_way
done
written kubectl wait --for=condition=ready pod -l app.kubernetes.io/instance=mastodon --timeout=600s
# Step 6 deletes the Ingress that helm has just made.
written kubectl delete ingress mastodon
repair helm upgrade mastodon "$CHART" --values "$VALUES" "${repaired[@]}"
repair kubectl rollout status deployment/mastodon-web --timeout=300s
written kubectl delete deployment maintenance-page
written kubectl delete service maintenance-page
written kubectl delete configmap maintenance-html
# Step 9 deletes the new side's Deployments and Services, which have the old one's names.
written kubectl delete deployment mastodon-web mastodon-streaming mastodon-worker
written kubectl delete service mastodon-web mastodon-streaming mastodon-assets mastodon-emoji
repair helm upgrade mastodon "$CHART" --values "$VALUES" "${repaired[@]}"
repair kubectl rollout status deployment/mastodon-web --timeout=300s
repair kubectl rollout status deployment/mastodon-streaming --timeout=300s
