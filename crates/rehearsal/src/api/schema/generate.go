// Command generate writes kinds.txt: what Kubernetes' own Go types say about the kinds that the server inside
// knows. It reads the modules k8s.io/api, k8s.io/apimachinery and k8s.io/apiextensions-apiserver:
//
//	go run generate.go API_DIR APIMACHINERY_DIR APIEXTENSIONS_DIR > kinds.txt
//
// A line without indentation names a type, with `atomic` when it is owned as a whole. Below it stands one
// line per field in the order of the Go struct: its name, its type (`*` a pointer, `[]` a list, `{}` a mapping by
// text, a leaf as `leaf/GoType`), and flags: `omit` (left out when empty), `default=JSON`, `atomic`, `set`,
// `map=KEY,KEY` (how a list is owned).
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
)

type named struct {
	pkg  string
	file *ast.File
	spec *ast.TypeSpec
	doc  string
}

var types = map[string]named{}

// leaves are the types whose JSON form is not that of their Go fields.
var leaves = map[string]string{
	"meta/v1.Time": "time", "meta/v1.MicroTime": "microtime", "meta/v1.Duration": "duration",
	"meta/v1.FieldsV1": "any", "resource.Quantity": "quantity", "intstr.IntOrString": "intstr",
	"runtime.RawExtension": "any", "apiextensions/v1.JSONSchemaProps": "any", "apiextensions/v1.JSON": "any",
}

var roots = []string{
	"core/v1.Namespace", "core/v1.Node", "core/v1.PersistentVolume", "core/v1.Pod", "core/v1.Service",
	"core/v1.ConfigMap", "core/v1.Secret", "core/v1.ServiceAccount", "core/v1.Event",
	"core/v1.PersistentVolumeClaim", "core/v1.Endpoints", "core/v1.ResourceQuota", "core/v1.LimitRange",
	"apps/v1.Deployment", "apps/v1.ReplicaSet", "apps/v1.StatefulSet", "apps/v1.DaemonSet",
	"apps/v1.ControllerRevision", "batch/v1.Job", "batch/v1.CronJob", "autoscaling/v2.HorizontalPodAutoscaler",
	"autoscaling/v1.Scale", "networking/v1.Ingress", "networking/v1.IngressClass", "networking/v1.NetworkPolicy",
	"discovery/v1.EndpointSlice", "coordination/v1.Lease", "events/v1.Event", "policy/v1.PodDisruptionBudget",
	"policy/v1.Eviction", "scheduling/v1.PriorityClass", "storage/v1.StorageClass", "rbac/v1.Role",
	"rbac/v1.RoleBinding", "rbac/v1.ClusterRole", "rbac/v1.ClusterRoleBinding",
	"authorization/v1.SelfSubjectAccessReview", "authorization/v1.SelfSubjectRulesReview",
	"authorization/v1.SubjectAccessReview", "authorization/v1.LocalSubjectAccessReview",
	"admissionregistration/v1.MutatingWebhookConfiguration",
	"admissionregistration/v1.ValidatingWebhookConfiguration",
	"apiextensions/v1.CustomResourceDefinition", "meta/v1.DeleteOptions",
}

func load(dir, pkg string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(filepath.Base(path), "generated") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			panic(err)
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, spec := range gen.Specs {
				spec := spec.(*ast.TypeSpec)
				doc := ""
				if spec.Doc != nil {
					doc = raw(spec.Doc)
				} else if gen.Doc != nil {
					doc = raw(gen.Doc)
				}
				types[pkg+"."+spec.Name.Name] = named{pkg, file, spec, doc}
			}
		}
	}
}

func raw(group *ast.CommentGroup) string {
	lines := []string{}
	for _, line := range group.List {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(line.Text, "//")))
	}
	return strings.Join(lines, "\n")
}

// packageOf finds the package that an identifier means in a file.
func packageOf(in named, ident string) string {
	for _, spec := range in.file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		parts := strings.Split(path, "/")
		name := parts[len(parts)-1]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name != ident {
			continue
		}
		switch {
		case strings.HasSuffix(path, "pkg/api/resource"):
			return "resource"
		case strings.HasSuffix(path, "pkg/util/intstr"):
			return "intstr"
		case strings.HasSuffix(path, "pkg/runtime"):
			return "runtime"
		case strings.HasSuffix(path, "pkg/types"):
			return "types"
		default:
			return strings.Join(parts[len(parts)-2:], "/")
		}
	}
	panic("no import " + ident)
}

var queue []string

func typeOf(in named, expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.StarExpr:
		return "*" + typeOf(in, expr.X)
	case *ast.ArrayType:
		if ident, ok := expr.Elt.(*ast.Ident); ok && ident.Name == "byte" {
			return "bytes/[]byte"
		}
		return "[]" + typeOf(in, expr.Elt)
	case *ast.MapType:
		return "{}" + typeOf(in, expr.Value)
	case *ast.SelectorExpr:
		return reference(packageOf(in, expr.X.(*ast.Ident).Name) + "." + expr.Sel.Name)
	case *ast.Ident:
		switch expr.Name {
		case "string", "bool", "int32", "int64", "float64", "uint32":
			return expr.Name + "/" + expr.Name
		case "int":
			return "int64/int"
		}
		return reference(in.pkg + "." + expr.Name)
	}
	panic(fmt.Sprintf("%T", expr))
}

func goName(name string) string {
	parts := strings.Split(name, "/")
	return parts[len(parts)-1]
}

func reference(name string) string {
	if leaf, ok := leaves[name]; ok {
		return leaf + "/" + goName(name)
	}
	if name == "types.UID" {
		return "string/types.UID"
	}
	if strings.HasPrefix(name, "types.") {
		return "string/" + name
	}
	found, ok := types[name]
	if !ok {
		panic("no type " + name)
	}
	switch under := found.spec.Type.(type) {
	case *ast.StructType:
		queue = append(queue, name)
		return name
	default:
		// A named leaf, list or mapping: the messages name it, the form is the one below.
		below := typeOf(found, under)
		if before, _, ok := strings.Cut(below, "/"); ok && !strings.ContainsAny(below[:1], "[{*") {
			return before + "/" + goName(name)
		}
		return below
	}
}

func fields(in named, structure *ast.StructType) []string {
	lines := []string{}
	for _, field := range structure.Fields.List {
		tag := reflect.StructTag("")
		if field.Tag != nil {
			tag = reflect.StructTag(strings.Trim(field.Tag.Value, "`"))
		}
		name, options, _ := strings.Cut(tag.Get("json"), ",")
		if name == "-" || (len(field.Names) > 0 && !ast.IsExported(field.Names[0].Name)) {
			continue
		}
		if name == "" && (len(field.Names) == 0 || strings.Contains(options, "inline")) {
			inline := typeOf(in, field.Type)
			queue = queue[:len(queue)-1]
			found := types[inline]
			lines = append(lines, fields(found, found.spec.Type.(*ast.StructType))...)
			continue
		}
		line := "  " + name + " " + typeOf(in, field.Type)
		if strings.Contains(options, "omitempty") {
			line += " omit"
		}
		if strings.Contains(options, "omitzero") {
			line += " zero"
		}
		keys := []string{}
		list := ""
		if field.Doc != nil {
			for _, comment := range strings.Split(raw(field.Doc), "\n") {
				key, value, _ := strings.Cut(comment, "=")
				switch key {
				case "+default":
					if !strings.HasPrefix(value, "ref(") {
						line += " default=" + strings.ReplaceAll(value, " ", "")
					}
				case "+listType":
					list = value
				case "+listMapKey":
					keys = append(keys, value)
				case "+mapType", "+structType":
					if value == "atomic" {
						line += " atomic"
					}
				}
			}
		}
		switch list {
		case "map":
			line += " map=" + strings.Join(keys, ",")
		case "set":
			line += " set"
		}
		lines = append(lines, line)
	}
	return lines
}

func main() {
	api, machinery, extensions := os.Args[1], os.Args[2], os.Args[3]
	for _, pkg := range []string{"core/v1", "apps/v1", "batch/v1", "autoscaling/v1", "autoscaling/v2", "networking/v1",
		"discovery/v1", "coordination/v1", "events/v1", "policy/v1", "scheduling/v1", "storage/v1", "rbac/v1",
		"authorization/v1", "admissionregistration/v1"} {
		load(filepath.Join(api, pkg), pkg)
	}
	load(filepath.Join(machinery, "pkg/apis/meta/v1"), "meta/v1")
	load(filepath.Join(extensions, "pkg/apis/apiextensions/v1"), "apiextensions/v1")
	queue = append(queue, roots...)
	written := map[string][]string{}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if _, done := written[name]; done {
			continue
		}
		found := types[name]
		structure := found.spec.Type.(*ast.StructType)
		head := name
		if strings.Contains(found.doc, "+structType=atomic") || strings.Contains(found.doc, "+mapType=atomic") {
			head += " atomic"
		}
		written[name] = nil
		written[name] = append([]string{head}, fields(found, structure)...)
	}
	names := []string{}
	for name := range written {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(strings.Join(written[name], "\n"))
	}
}
