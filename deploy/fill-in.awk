# Puts the value of an environment variable where a file says @NAME@; ends with an error when there is none.
{
  while (match($0, /@[A-Z_]+@/)) {
    name = substr($0, RSTART + 1, RLENGTH - 2)
    if (ENVIRON[name] == "") {
      print name " is not set" > "/dev/stderr"
      exit 1
    }
    $0 = substr($0, 1, RSTART - 1) ENVIRON[name] substr($0, RSTART + RLENGTH)
  }
  print
}
