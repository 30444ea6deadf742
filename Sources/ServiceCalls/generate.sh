#!/bin/sh
# Writes Generated anew from Protocols: `generate.sh`, or `generate.sh --check`, which writes
# elsewhere and says what differs. Needs protoc (Debian's protobuf-compiler); its plugins are built
# from the packages that the manifest names, the first time for some minutes.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
package="$here/../.."
swift=${SWIFT:-swift}

command -v protoc >/dev/null 2>&1 || {
  echo "generate: no protoc: install protobuf-compiler" >&2
  exit 1
}

# Apart from .build, so that what is built there stays as it is.
plugins="$package/.build-protoc"
for plugin in protoc-gen-swift protoc-gen-grpc-swift-2; do
  $swift build --package-path "$package" --scratch-path "$plugins" --product "$plugin" >&2
done
folder=$($swift build --package-path "$package" --scratch-path "$plugins" --show-bin-path)

target="$here/Generated"
if [ "${1:-}" = --check ]; then
  target=$(mktemp -d)
  trap 'rm -rf "$target"' EXIT
fi
options=Visibility=Package,UseAccessLevelOnImports=true,FileNaming=DropPath
cd "$here/Protocols"
# shellcheck disable=SC2046
protoc --proto_path=. \
  --plugin="$folder/protoc-gen-swift" \
  --plugin=protoc-gen-grpc-swift="$folder/protoc-gen-grpc-swift-2" \
  --swift_out="$target" --swift_opt="$options" \
  --grpc-swift_out="$target" --grpc-swift_opt="$options" \
  $(find . -name '*.proto' | sed 's,^\./,,' | sort)
[ "$target" = "$here/Generated" ] || diff -r "$target" "$here/Generated"
