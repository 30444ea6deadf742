import Foundation
import TestSupport
import Testing

/// What can be checked of the tree's own rules without compiling it.
@Suite("the tree is tidy")
struct TidyTests {
  let manifest: Manifest

  init() throws {
    manifest = try Manifest()
  }

  @Test("a target depends only on targets that stand above it in the manifest")
  func dependenciesPointUpwards() {
    #expect(manifest.targets(.library).count > 15)
    #expect(manifest.targets(.program).count > 2)
    #expect(manifest.targets(.tests).count > 15)
    var above = manifest.cLibraries.union(manifest.testSupport).union(manifest.products)
    above.insert("ArgumentParser")
    for target in manifest.targets {
      let unknown = target.dependencies.subtracting(above)
      #expect(
        unknown.isEmpty, "\(target.name) depends on \(unknown.sorted()), which isn't above it")
      above.insert(target.name)
    }
  }

  @Test("a source imports only what the manifest gives its target")
  func importsAreDeclared() throws {
    // The system's own modules need no dependency.
    let known = Set(manifest.targets.map(\.name)).union(manifest.products)
      .union(manifest.cLibraries).union(manifest.testSupport)
    for target in manifest.targets {
      for file in try Tree.swiftFiles(in: target.folder) {
        let undeclared = try Tree.imports(of: file).intersection(known)
          .subtracting(target.dependencies)
        #expect(
          undeclared.isEmpty, "\(Tree.path(of: file)) imports \(undeclared.sorted()) undeclared")
      }
    }
  }

  @Test("a target depends on nothing that none of its sources imports")
  func dependenciesAreUsed() throws {
    // Programs that tests run must be built, and all tests may use what they share.
    let exempt = Set(manifest.targets(.program).map(\.name)).union(manifest.testSupport)
    for target in manifest.targets {
      let imported = try Tree.swiftFiles(in: target.folder).reduce(into: Set<String>()) {
        $0.formUnion(try Tree.imports(of: $1))
      }
      let unused = target.dependencies.subtracting(imported).subtracting(exempt)
      #expect(unused.isEmpty, "\(target.name) doesn't use \(unused.sorted())")
    }
  }

  @Test("pure targets know no platform, clock, randomness, logger or concurrency")
  func pureTargetsStayPure() throws {
    let banned: Set<String> = [
      "Foundation", "FoundationEssentials", "Glibc", "Musl", "Dispatch", "Synchronization",
      "Logging", "Telemetry", "NIOCore", "Observation", "Distributed",
    ]
    let words = [
      "async", "await", "Task", "ContinuousClock", "SuspendingClock", "Date",
    ]
    let random = [
      "SystemRandomNumberGenerator", "random(in", "randomElement()", "shuffled()",
    ]
    for target in Manifest.pureTargets {
      let files = try Tree.swiftFiles(in: "Sources/\(target)")
      #expect(!files.isEmpty, "\(target) has no sources")
      for file in files {
        let path = Tree.path(of: file)
        // For `memchr`, which is as pure as the loop it replaces, and for memory by the page.
        let readers = [
          "Sources/JSON/JSONReader.swift", "Sources/Ethereum/Answers/AnswerReader.swift",
          "Sources/ChainTracking/Watching/LargeMemory.swift",
        ]
        let platform: Set = readers.contains(path) ? ["Glibc"] : []
        let found = try Tree.imports(of: file).intersection(banned).subtracting(platform)
        #expect(found.isEmpty, "\(path) imports \(found.sorted())")
        let code = try Tree.code(of: file)
        // libsecp256k1 is blinded with random numbers, which change no result.
        let isBlinding = path == "Sources/Keys/Curve/Secp256k1.swift"
        var banned = isBlinding ? words : words + random
        // The name of a mail's header.
        if path == "Sources/Messages/Mail/MailMessage.swift" { banned.removeAll { $0 == "Date" } }
        let word = Tree.word(among: banned, in: code)
        #expect(word == nil, "\(path) has \(word ?? "")")
      }
    }
  }

  @Test("each C library is imported by one target")
  func librariesHaveOneWrapper() throws {
    #expect(manifest.cLibraries.count >= 4)
    var importers: [String: Set<String>] = [:]
    for target in manifest.targets {
      for file in try Tree.swiftFiles(in: target.folder) {
        for module in try Tree.imports(of: file)
        where module == "GRDB" || manifest.cLibraries.contains(module) {
          importers[module, default: []].insert(target.name)
        }
      }
    }
    // libcurl's own module is imported by the C target around it, and a few instructions on lines
    // of the cache, which hot loops must inline, are no library.
    let others: Set = ["CLibcurl", "CCacheLine"]
    for module in manifest.cLibraries.union(["GRDB"]).subtracting(others) {
      #expect(importers[module]?.count == 1, "\(module): \(importers[module] ?? [])")
    }
    #expect(importers["CLibcurl"] == nil)
    #expect(importers["CCacheLine"] == ["Bitcoin", "ChainTracking"])
  }

  @Test("by Signing only payctl signs, and what it rests on reaches no network and no database")
  func signersStayOffline() throws {
    var importers: Set<String> = []
    for target in manifest.targets {
      for file in try Tree.swiftFiles(in: target.folder)
      where try Tree.imports(of: file).contains("Signing") {
        importers.insert(target.name)
      }
    }
    #expect(importers == ["payctl", "SigningTests"])
    let dependencies = Dictionary(
      uniqueKeysWithValues: manifest.targets.map { ($0.name, $0.dependencies) })
    var reached: Set<String> = []
    var open: Set<String> = ["Signing"]
    while let next = open.popFirst() {
      reached.insert(next)
      open.formUnion((dependencies[next] ?? []).subtracting(reached))
    }
    #expect(reached.isSuperset(of: ["Payouts", "Bitcoin", "Keys", "Digests"]))
    let banned: Set<String> = [
      "HTTPClient", "CCurl", "NodeRPC", "NIOCore", "NIOPosix", "Hummingbird", "Database",
      "CPostgres", "CHiredis", "CKafka",
    ]
    #expect(reached.isDisjoint(with: banned), "\(reached.intersection(banned).sorted())")
  }

  @Test("private keys are made for signing, by payctl, and where everything is simulated")
  func keysStayApart() throws {
    // What they are, what signs with them, and the program whose commands are about them.
    let homes = ["Sources/Keys/", "Sources/Signing/", "Sources/TokenIssuing/", "Sources/payctl/"]
    let makers = ["PrivateKey(", "ExtendedPrivateKey(", "PSBTSigner("]
    var found: Set<String> = []
    for file in try Tree.swiftFiles(in: "Sources") {
      let path = Tree.path(of: file)
      guard !homes.contains(where: path.hasPrefix) else { continue }
      if Tree.word(among: makers, in: try Tree.code(of: file)) != nil { found.insert(path) }
    }
    // The server's program has one signer, with published words, for `paywatch demo`.
    #expect(
      found == [
        "Sources/ChainSim/Ethereum/Faucet/SimulatedAccount.swift",
        "Sources/Simulation/Simulation+BitcoinPayouts.swift",
        "Sources/Simulation/World/Pipeline.swift",
        "Sources/paybench/Load/LatencyNodes.swift", "Sources/paybench/Load/PaymentServer.swift",
        "Sources/paywatch/Demo/OfflineSigner.swift",
      ])
    for file in try Tree.swiftFiles(in: "Sources/paywatch")
    where Tree.word(among: ["OfflineSigner"], in: try Tree.code(of: file)) != nil {
      #expect(Tree.path(of: file).hasPrefix("Sources/paywatch/Demo/"), "\(Tree.path(of: file))")
    }
  }

  /// The benchmark asks the server that it starts in its customers' and staff's names.
  @Test("nothing that serves requests can make a token")
  func tokensAreOthers() throws {
    var importers: Set<String> = []
    for target in manifest.targets {
      for file in try Tree.swiftFiles(in: target.folder)
      where try Tree.imports(of: file).contains("TokenIssuing") {
        importers.insert(target.folder)
      }
    }
    let sources: Set<String> = importers.filter { $0.hasPrefix("Sources/") }
    #expect(sources == ["Sources/payctl", "Sources/paybench"])
  }

  @Test("every folder of sources or tests is a target")
  func noDeadTargets() throws {
    let sources = Set(manifest.targets(.library, .program).map(\.name))
      .union(manifest.cLibraries)
    let tests = Set(manifest.targets(.tests).map(\.name)).union(manifest.testSupport)
    for name in try Tree.names(in: "Sources") {
      #expect(sources.contains(name), "Sources/\(name) is no target")
    }
    // Python, which `LocalServers` starts.
    let programs = ["EthereumNode", "MailServer"]
    for name in try Tree.names(in: "Tests") where !programs.contains(name) {
      #expect(tests.contains(name), "Tests/\(name) is no target")
    }
  }

  @Test("no source traps on purpose over what comes from outside, or leaves work for later")
  func noLeftovers() throws {
    let traps = ["fatalError(", "try!", "as!", "assertionFailure(", "unowned(unsafe)"]
    // Put together here, so that this file doesn't hold them.
    let leftovers = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    for file in try Tree.swiftFiles(in: "Sources") + Tree.swiftFiles(in: "Tests") {
      let path = Tree.path(of: file)
      let text = try Tree.text(of: file)
      let leftover = Tree.word(among: leftovers, in: text)
      #expect(leftover == nil, "\(path) has \(leftover ?? "")")
      guard path.hasPrefix("Sources") else { continue }
      let trap = Tree.word(among: traps, in: text)
      #expect(trap == nil, "\(path) has \(trap ?? "")")
    }
  }

  @Test("no source has grown past 400 lines")
  func filesAreShort() throws {
    for file in try Tree.swiftFiles(in: "Sources") + Tree.swiftFiles(in: "Tests")
    where !Tree.isGenerated(file) {
      let lines = try Tree.text(of: file).utf8.count { $0 == UInt8(ascii: "\n") }
      #expect(lines <= 400, "\(Tree.path(of: file)) has \(lines) lines")
    }
  }

  @Test("no comment is wider than 100 columns, which swift format sees to in code alone")
  func commentsFit() throws {
    for file in try Tree.swiftFiles(in: "Sources") + Tree.swiftFiles(in: "Tests")
    where !Tree.isGenerated(file) {
      let lines = try Tree.text(of: file).split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated()
      where line.drop(while: { $0 == " " }).hasPrefix("//") && line.count > 100 {
        Issue.record("\(Tree.path(of: file)):\(index + 1) has \(line.count) columns")
      }
    }
  }

  @Test("nothing names a path of a machine")
  func noAbsolutePaths() throws {
    // Put together here, so that this file doesn't name them either.
    let banned = ["home", "root", "work", "Users"].map { "/\($0)/" }
    let folders = ["Sources", "Tests", "deploy", "chains", ".ci"]
    let top = try Tree.names(in: "").map { PackageFiles.root.appending(path: $0) }
    for file in try folders.flatMap(Tree.files) + top {
      // Not every file is text.
      guard let text = try? Tree.text(of: file) else { continue }
      for path in banned {
        #expect(Tree.word(among: [path], in: text) == nil, "\(Tree.path(of: file)) names \(path)")
      }
    }
  }
}
