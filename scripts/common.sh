# shellcheck shell=bash
# What the scripts share; to be sourced in the repository's root.

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Seconds since a time that `date +%s%N` gave, with one decimal.
seconds_since() {
  local ms=$((($(date +%s%N) - $1) / 1000000))
  printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# npm needs some Node; Parley itself runs on the one that npm installs with the dependencies.
require_node() {
  command -v npm >/dev/null || fail 'npm is not installed: install Node 20 or newer'
  command -v node >/dev/null || fail 'node is not installed: install Node 20 or newer'
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fail "Node $major is too old to install the dependencies: install Node 20 or newer"
}

# Installs what package-lock.json says, unless that has been done; says how long it took.
install_packages() {
  local done=node_modules/.package-lock.json
  if [ ! -e "$done" ] || [ package-lock.json -nt "$done" ]; then
    local start
    start=$(date +%s%N)
    npm ci --no-audit --no-fund --loglevel=error
    echo "Packages installed in $(seconds_since "$start") s"
  fi
  PATH="$PWD/node_modules/.bin:$PATH"
  export PATH
}

# Builds dist, unless it is newer than everything that it is made of; says how long it took.
build_where_old() {
  if is_built; then return 0; fi
  local start
  start=$(date +%s%N)
  npm run --silent build
  echo "Built in $(seconds_since "$start") s"
}

is_built() {
  [ -e dist/src/main.js ] || return 1
  [ -z "$(find src libs migrations package-lock.json nest-cli.json tsconfig*.json -newer dist/src/main.js -print -quit)" ]
}
