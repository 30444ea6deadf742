internal import Glibc

/// How many files and sockets this process, and each that it starts, may have open.
enum DescriptorLimit {
  static var current: Int { sysconf(Int32(_SC_OPEN_MAX)) }

  /// As many connections as are wanted, or fewer where a server couldn't have those beside its
  /// other files; that is told.
  static func connections(_ wanted: Int) -> Int {
    let count = min(wanted, current - 400)
    if count < wanted {
      Progress.note(
        "\(count) connections instead of \(wanted): more than \(current) descriptors "
          + "aren't allowed (ulimit -n)")
    }
    return count
  }
}
