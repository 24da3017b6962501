# Makes a small folder with whatever a folder may hold; sourced by the tests of archive_run.

# small_tree DIR FILES
small_tree() {
  local dir=$1 files=$2 i
  mkdir -p "$dir"/{empty,"with space",$'new\nline',deep/{1,2,3}/x}
  for ((i = 0; i < files; i++)); do
    head -c $((i * 37 % 9000)) /dev/urandom | base64 >"$dir/deep/$((i % 3 + 1))/file-$i"
  done
  : >"$dir/nothing"
  echo dash >"$dir/-rf"
  echo odd >"$dir/"$'\xff\xfe not UTF-8'
  echo space >"$dir/with space/a b"
  echo line >"$dir/"$'new\nline/a\nb'
  head -c 6000000 /dev/urandom >"$dir/big"
  ln "$dir/big" "$dir/big again"
  ln -s big "$dir/symlink"
  ln -s nowhere "$dir/broken"
  chmod 0555 "$dir/deep/3/x"
}
