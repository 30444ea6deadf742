import Foundation
import TestSupport

/// What `Package.swift` says, read as text: its `library`, `program` and `tests` lines.
struct Manifest {
  enum Kind: Substring {
    case library, program, tests
  }

  struct Target {
    let kind: Kind
    let name: String
    /// Modules: targets of this package and products of others.
    let dependencies: Set<String>

    var folder: String { kind == .tests ? "Tests/\(name)" : "Sources/\(name)" }
  }

  /// In the manifest's order, lowest first.
  let targets: [Target]
  /// Modules of other packages that the manifest gives names to.
  let products: Set<String>
  /// Modules of C libraries, and the C target that declares what Swift can't import of one.
  let cLibraries: Set<String>
  /// What several test targets share.
  let testSupport: Set<String>

  static let pureTargets = [
    "Bytes", "JSON", "Digests", "ChainTypes", "Addresses", "CurvePoints", "Keys", "Bitcoin",
    "Ethereum", "ChainTracking", "Payments", "Payouts", "Messages",
  ]

  init() throws {
    let file = PackageFiles.root.appending(path: "Package.swift")
    let text = try String(contentsOf: file, encoding: .utf8)

    var aliases: [String: String] = [:]
    for match in text.matches(
      of: /let (\w+) = Target\.Dependency\.product\(\s*name: "(\w+)"/)
    {
      aliases[String(match.output.1)] = String(match.output.2)
    }
    products = Set(aliases.values)
    let target =
      /\.(?:systemLibrary|target)\(\s*name: "(\w+)"(?:,\s*dependencies: \[[^\]]*\])?(?:,\s*path: "(Tests)\/)?/
    let others = text.matches(of: target)
      .map { (name: String($0.output.1), isTests: $0.output.2 != nil) }
    cLibraries = Set(others.filter { !$0.isTests }.map(\.name))
    testSupport = Set(others.filter(\.isTests).map(\.name))

    let call = /\b(library|program|tests)\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/
    targets = text.matches(of: call).compactMap { match in
      guard let kind = Kind(rawValue: match.output.1) else { return nil }
      let name = String(match.output.2)
      var dependencies: Set<String> = []
      for item in (match.output.3 ?? "").split(separator: ",") {
        let word = item.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !word.isEmpty else { continue }
        dependencies.insert(aliases[word] ?? word.trimmingCharacters(in: ["\""]))
      }
      switch kind {
      case .library: break
      case .program: dependencies.insert("ArgumentParser")
      case .tests: dependencies.insert("TestSupport")
      }
      return Target(
        kind: kind, name: kind == .tests ? name + "Tests" : name, dependencies: dependencies)
    }
  }

  func targets(_ kinds: Kind...) -> [Target] {
    targets.filter { kinds.contains($0.kind) }
  }
}
