import Foundation
import TestSupport
import Testing

/// What can be checked of the tree's own rules without compiling it.
@Suite("the tree is tidy")
struct TidyTests {
  @Test("a target depends only on targets that stand above it in the manifest")
  func dependenciesPointUpwards() throws {
    let targets = try Manifest.libraries()
    #expect(targets.count > 15)
    var above: Set<String> = ["CSecp256k1", "COpenSSL", "CLibcurl", "CCurl"]
    for target in targets {
      for dependency in target.dependencies where dependency != target.name {
        #expect(above.contains(dependency), "\(target.name) depends on \(dependency) below it")
      }
      above.insert(target.name)
    }
  }

  @Test("a source imports only what the manifest gives its target")
  func importsAreDeclared() throws {
    let targets = try Manifest.libraries()
    let names = Set(targets.map(\.name))
    for target in targets {
      for file in try Tree.swiftFiles(in: "Sources/\(target.name)") {
        for module in try Tree.imports(of: file) where names.contains(module) {
          #expect(
            target.dependencies.contains(module),
            "\(file.lastPathComponent) of \(target.name) imports \(module)")
        }
      }
    }
  }

  @Test("pure targets import no platform, clock, logger or concurrency runtime")
  func pureTargetsStayPure() throws {
    let banned: Set<String> = [
      "Foundation", "FoundationEssentials", "Glibc", "Musl", "Dispatch", "Logging", "NIOCore",
      "Observation", "Distributed",
    ]
    for target in Manifest.pureTargets {
      let files = try Tree.swiftFiles(in: "Sources/\(target)")
      #expect(!files.isEmpty, "\(target) has no sources")
      for file in files {
        let found = try Tree.imports(of: file).intersection(banned)
        #expect(found.isEmpty, "\(target)/\(file.lastPathComponent) imports \(found)")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(!text.contains(" async "), "\(target)/\(file.lastPathComponent) is asynchronous")
      }
    }
  }

  @Test("each C library is imported by one target")
  func librariesHaveOneWrapper() throws {
    var importers: [String: Set<String>] = [:]
    for target in try Manifest.libraries() {
      for file in try Tree.swiftFiles(in: "Sources/\(target.name)") {
        for module in try Tree.imports(of: file)
        where ["CSecp256k1", "COpenSSL", "CCurl", "CLibcurl", "GRDB"].contains(module) {
          importers[module, default: []].insert(target.name)
        }
      }
    }
    #expect(importers.count >= 4)
    for (module, targets) in importers {
      #expect(targets.count == 1, "\(module) is imported by \(targets.sorted())")
    }
  }

  @Test("no source traps on purpose over what comes from outside, or leaves work for later")
  func noLeftovers() throws {
    let banned = ["fatalError(", "try!", "as!", "TODO", "FIXME", "XXX"]
    for file in try Tree.swiftFiles(in: "Sources") {
      let text = try String(contentsOf: file, encoding: .utf8)
      for word in banned {
        #expect(!text.contains(word), "\(file.lastPathComponent) has \(word)")
      }
    }
  }

  @Test("nothing names a path of a machine")
  func noAbsolutePaths() throws {
    // Put together here, so that this file doesn't name them either.
    let banned = ["home", "root", "work", "Users"].map { "/\($0)/" }
    for directory in ["Sources", "Tests", "deploy", "chains"] {
      for file in try Tree.files(in: directory) {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
        for path in banned {
          #expect(!text.contains(path), "\(file.lastPathComponent) names \(path)")
        }
      }
    }
  }

  @Test("every folder of vectors says where its files come from")
  func vectorsHaveSources() throws {
    let folder = PackageFiles.root.appending(path: "vectors")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.isEmpty)
    for name in names {
      let sources = folder.appending(path: name).appending(path: "SOURCES.md")
      let text = try String(contentsOf: sources, encoding: .utf8)
      let files = try FileManager.default.contentsOfDirectory(
        atPath: folder.appending(path: name).path)
      for file in files where file != "SOURCES.md" {
        #expect(text.contains(file), "vectors/\(name)/SOURCES.md doesn't mention \(file)")
      }
    }
  }
}
