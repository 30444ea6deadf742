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

  /// The first processor of `/proc/cpuinfo`: its model's name and, as some makers give one name to
  /// many, its family's and model's numbers and the widest of its vectors that are made use of.
  static func processor(in text: String) -> String {
    func value(_ key: String) -> String? {
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == key else {
          continue
        }
        return parts[1].trimmingCharacters(in: .whitespaces)
      }
      return nil
    }
    guard let name = value("model name") else { return "" }
    let flags = Set(value("flags")?.split(separator: " ").map(String.init) ?? [])
    let details = [
      value("cpu family").map { "family \($0)" }, value("model").map { "model \($0)" },
      [("avx512f", "AVX-512"), ("avx2", "AVX2")].first { flags.contains($0.0) }?.1,
    ].compactMap { $0 }
    return details.isEmpty ? name : "\(name) (\(details.joined(separator: ", ")))"
  }

  var description: String {
    let cores = "\(cores) core\(cores == 1 ? "" : "s")"
    let owner = processor.isEmpty ? "" : " of \(processor)"
    return "\(cores)\(owner), \(memoryGiB) GiB of memory, Linux"
  }
}
