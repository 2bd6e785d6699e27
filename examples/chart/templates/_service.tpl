{{/* The Service of a component: `(list root component port-name port)`. */}}
{{- define "mastodon.service" }}
{{- $root := index . 0 }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "mastodon.fullname" $root }}-{{ index . 1 }}
  labels:
    {{- include "mastodon.labels" (list $root) | nindent 4 }}
spec:
  type: {{ $root.Values.service.type }}
  ipFamilyPolicy: PreferDualStack
  ports:
    - name: {{ index . 2 }}
      port: {{ index . 3 }}
      targetPort: {{ index . 2 }}
      protocol: TCP
  selector:
    {{- include "mastodon.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ index . 1 }}
{{- end }}
