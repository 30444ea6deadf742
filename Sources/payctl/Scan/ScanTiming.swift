/// How long a scan took, for people.
struct ScanTiming: CustomStringConvertible {
  let scripts: Int
  let bytes: Int
  let loading: Duration
  let scanning: Duration

  var description: String {
    "loaded \(scripts) scripts in \(Self.seconds(loading)) s, scanned \(Self.megabytes(bytes)) MB "
      + "in \(Self.seconds(scanning)) s"
  }

  /// With three decimals.
  static func seconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let thousandths = String(attoseconds / 1_000_000_000_000_000)
    return "\(seconds)." + String(repeating: "0", count: 3 - thousandths.count) + thousandths
  }

  private static func megabytes(_ bytes: Int) -> String {
    "\(bytes / 1_000_000).\(bytes % 1_000_000 / 100_000)"
  }
}
