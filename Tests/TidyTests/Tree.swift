import Foundation
import TestSupport

/// The files of the package.
enum Tree {
  static func files(in directory: String) throws -> [URL] {
    let folder = PackageFiles.root.appending(path: directory)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return paths.map { folder.appending(path: $0) }.filter { url in
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
      return !isDirectory.boolValue
    }
  }

  static func swiftFiles(in directory: String) throws -> [URL] {
    try files(in: directory).filter { $0.pathExtension == "swift" }
  }

  /// The modules that a source imports.
  static func imports(of file: URL) throws -> Set<String> {
    let text = try String(contentsOf: file, encoding: .utf8)
    var modules: Set<String> = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place <= 1, words.count > place + 1 else {
        continue
      }
      modules.insert(String(words[place + 1]))
    }
    return modules
  }
}

/// What `Package.swift` says, read as text: its `library("Name", [dependencies])` lines.
enum Manifest {
  struct Library {
    let name: String
    let dependencies: Set<String>
  }

  static let pureTargets = [
    "Bytes", "Digests", "ChainTypes", "Addresses", "Keys", "Bitcoin", "ChainTracking", "Payments",
  ]

  static func libraries() throws -> [Library] {
    let manifest = PackageFiles.root.appending(path: "Package.swift")
    let text = try String(contentsOf: manifest, encoding: .utf8)
    let call = /library\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/
    return text.matches(of: call).map { match in
      let list = match.output.2.map(String.init) ?? ""
      let names = list.matches(of: /"(\w+)"/).map { String($0.output.1) }
      return Library(name: String(match.output.1), dependencies: Set(names))
    }
  }
}
