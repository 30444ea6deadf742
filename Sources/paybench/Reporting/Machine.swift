internal import Foundation

/// What the figures were taken on.
struct Machine {
  /// As the system names it; empty where it doesn't.
  let processor: String
  let cores: Int
  let memoryGiB: Int

  static var this: Machine {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return Machine(
      processor: processor(in: text), cores: Threads.processors,
      memoryGiB: Int((Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824).rounded()))
  }

  /// The first `model name` of `/proc/cpuinfo`.
  static func processor(in text: String) -> String {
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last.map {
      $0.trimmingCharacters(in: .whitespaces)
    } ?? ""
  }

  var description: String {
    let cores = "\(cores) core\(cores == 1 ? "" : "s")"
    let owner = processor.isEmpty ? "" : " of \(processor)"
    return "\(cores)\(owner), \(memoryGiB) GiB of memory, Linux"
  }
}
