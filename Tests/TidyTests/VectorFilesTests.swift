import Foundation
import TestSupport
import Testing

@Suite("vectors are accounted for")
struct VectorFilesTests {
  @Test("every file says where it comes from")
  func filesHaveSources() throws {
    let areas = try Tree.names(in: "vectors")
    #expect(areas.count > 4)
    for area in areas {
      let folder = "vectors/\(area)/"
      let sources = PackageFiles.root.appending(path: folder + "SOURCES.md")
      let entries = try Self.entries(of: Tree.text(of: sources))
      for file in try Tree.files(in: folder) where file != sources {
        let name = String(Tree.path(of: file).dropFirst(folder.count))
        #expect(
          entries.contains { Self.stands($0, for: name) }, "\(folder)SOURCES.md lacks \(name)")
      }
    }
  }

  @Test("every file is read by a test")
  func filesAreRead() throws {
    let tests = try Tree.swiftFiles(in: "Tests").map(Tree.text).joined()
    for file in try Tree.files(in: "vectors") where file.lastPathComponent != "SOURCES.md" {
      let name = file.lastPathComponent
      #expect(
        Self.spellings(of: name).contains { tests.contains($0) },
        "nothing reads \(Tree.path(of: file))")
    }
  }

  /// What stands in backquotes, or in a table's first column.
  static func entries(of text: String) -> [String] {
    let quoted = text.matches(of: /`([^`\n]+)`/).map { String($0.output.1) }
    let first = text.split(separator: "\n").filter { $0.hasPrefix("|") }
      .flatMap { $0.dropFirst().prefix { $0 != "|" }.split(separator: ",") }
      .map { $0.trimmingCharacters(in: [" ", "`"]) }
    return quoted + first
  }

  /// Whether an entry is a file's name, or stands for the files of its folder: `core-30.99/*.json`,
  /// `expected/<height>.jsonl.gz`.
  static func stands(_ entry: String, for name: String) -> Bool {
    if entry == name { return true }
    let pieces = entry.split(separator: /\*|<\w+>/, omittingEmptySubsequences: false)
    guard pieces.count == 2, pieces[0].contains("/"),
      name.hasPrefix(pieces[0]), name.hasSuffix(pieces[1]),
      pieces[0].count + pieces[1].count < name.count
    else { return false }
    let middle = name.dropFirst(pieces[0].count).dropLast(pieces[1].count)
    return !middle.contains("/")
  }

  /// How a test may name a file: whole, without its ending, or put together around a number.
  static func spellings(of name: String) -> [String] {
    let stem = String(name.prefix { $0 != "." })
    let isNumber = stem.allSatisfy(\.isNumber)
    return [name, "\"\(stem)\"", name.replacing(/_[0-9]+_/) { _ in "_\\(height)_" }]
      + (isNumber ? ["-\(stem).raw"] : [])
  }

  @Test("an entry stands for a file by its name, or for a folder's files by a pattern")
  func entriesStandForFiles() {
    #expect(Self.stands("a.json", for: "a.json"))
    #expect(Self.stands("core/*.json", for: "core/x.json"))
    #expect(Self.stands("expected/<height>.gz", for: "expected/1.gz"))
    #expect(!Self.stands("*.json", for: "a.json"), "a pattern names its folder")
    #expect(!Self.stands("core/*.json", for: "core/deeper/x.json"))
    #expect(!Self.stands("core/*.json", for: "core/x.raw"))
    #expect(!Self.stands("a.json", for: "b.json"))
    #expect(
      Self.entries(of: "| a.raw, `b.raw` | x |\nsee `c/*.json`") == [
        "b.raw", "c/*.json", "a.raw", "b.raw",
      ])
  }
}
