import Foundation
import TestSupport

/// The files of the package.
enum Tree {
  /// Every file under a folder of the package, deepest folders too.
  static func files(in directory: String) throws -> [URL] {
    let folder = PackageFiles.root.appending(path: directory)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return paths.sorted().map { folder.appending(path: $0) }.filter { url in
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
      return !isDirectory.boolValue
    }
  }

  static func swiftFiles(in directory: String) throws -> [URL] {
    try files(in: directory).filter { $0.pathExtension == "swift" }
  }

  /// Whether a program wrote it (`make proto`): long, and in another style.
  static func isGenerated(_ file: URL) -> Bool { path(of: file).contains("/Generated/") }

  /// The names of the folders and files directly in a folder, hidden ones left out.
  static func names(in directory: String) throws -> [String] {
    let folder = PackageFiles.root.appending(path: directory)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  static func text(of file: URL) throws -> String {
    try String(contentsOf: file, encoding: .utf8)
  }

  /// The modules that a source imports, also those of which it imports one declaration.
  static func imports(of file: URL) throws -> Set<String> {
    let line = /(?m)^(?:@?\w+ )*?import (?:(?:struct|class|enum|protocol|func|var|let) )?(\w+)/
    return Set(try text(of: file).matches(of: line).map { String($0.output.1) })
  }

  /// The first of `words` that stands in a text where no letter or digit joins it to another word.
  static func word(among words: [String], in text: String) -> String? {
    func isFree(_ character: Character?, of other: Character?) -> Bool {
      guard let character, let other, other.isLetter else { return true }
      return !character.isLetter && !character.isNumber && character != "_"
    }
    return words.first { word in
      var rest = text[...]
      while let range = rest.range(of: word, options: .literal) {
        let before = text[..<range.lowerBound].last
        let after = text[range.upperBound...].first
        if isFree(before, of: word.first), isFree(after, of: word.last) { return true }
        rest = rest[range.upperBound...]
      }
      return false
    }
  }

  /// A source without its comments, which may name what the source may not use.
  static func code(of file: URL) throws -> String {
    try text(of: file).split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.drop(while: { $0 == " " }).hasPrefix("//") }
      .joined(separator: "\n")
  }

  /// A file's path as seen from the package.
  static func path(of file: URL) -> String {
    String(file.path.dropFirst(PackageFiles.root.path.count)).drop(while: { $0 == "/" })
      .description
  }
}
