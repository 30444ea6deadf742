import Addresses
import Bytes
import ChainTypes
import Digests
import TestSupport
import Testing

@testable import Keys

@Suite("Descriptors: the BIPs' vectors")
struct DescriptorVectorTests {
  private struct Checksums: Decodable {
    struct Row: Decodable {
      let what: String
      let descriptor: String
    }

    struct Key: Decodable {
      let what: String
      let key: String
    }

    let checksums: [Row]
    let validKeys: [Key]
    let invalidKeys: [Key]
  }

  private struct BIP: Decodable {
    struct Valid: Decodable {
      let descriptor: String
      let scripts: [String]
    }

    struct Invalid: Decodable {
      let why: String
      let descriptor: String
    }

    let valid: [Valid]
    let invalid: [Invalid]
  }

  private struct SeveralPaths: Decodable {
    struct Valid: Decodable {
      let descriptor: String
      let expanded: [String]
    }

    let valid: [Valid]
    let invalid: [BIP.Invalid]
  }

  private func parse(_ text: String) throws(DescriptorError) -> Descriptor {
    try Descriptor(text, network: .mainnet, checksum: .optional)
  }

  /// What `privateKind` finds anywhere in a descriptor.
  private func holdsPrivateKey(_ text: String) -> Bool {
    text.contains("prv") || text.contains("L4rK1yDt") || text.contains("5KYZdUEo")
  }

  @Test("BIP-0380's checksums are judged as it says")
  func checksums() throws {
    let rows = try PackageFiles.vector("bips/bip380.json", as: Checksums.self).checksums
    #expect(rows.count == 8)
    // `raw` itself is none of ours, so a right checksum shows by what is refused next.
    let expected: [String: DescriptorError] = [
      "Valid checksum": .unsupportedFunction("raw"),
      "No checksum": .missingChecksum,
      "Missing checksum": .missingChecksum,
      "Too long checksum (9 chars)": .wrongChecksum(found: "89f8spxmx"),
      "Too short checksum (7 chars)": .wrongChecksum(found: "89f8spx"),
      "Error in payload": .wrongChecksum(found: "89f8spxm"),
      "Error in checksum": .wrongChecksum(found: "#9f8spxm"),
      "Invalid characters in payload": .key(.invalidCharacter(offset: 4)),
    ]
    for row in rows {
      #expect(throws: try #require(expected[row.what])) {
        try Descriptor(row.descriptor, network: .mainnet)
      }
    }
    #expect(DescriptorChecksum.checksum(of: "raw(deadbeef)") == "89f8spxm")
    #expect(DescriptorChecksum.checksum(of: "raw(Ü)") == nil)
  }

  @Test("BIP-0380's key expressions are read, but private keys and hardened steps are refused")
  func keys() throws {
    let vectors = try PackageFiles.vector("bips/bip380.json", as: Checksums.self)
    #expect(vectors.validKeys.count == 21)
    for vector in vectors.validKeys {
      if holdsPrivateKey(vector.key) {
        let error = #expect(throws: KeyExpressionError.self, "\(vector.what)") {
          try KeyExpression(vector.key, network: .mainnet)
        }
        guard case .privateKey = error else {
          Issue.record("\(vector.what): \(String(describing: error))")
          continue
        }
      } else if vector.what.contains("hardened derivation") {
        #expect(throws: KeyExpressionError.hardenedAfterPublicKey(position: 0)) {
          try KeyExpression(vector.key, network: .mainnet)
        }
      } else {
        let key = try KeyExpression(vector.key, network: .mainnet)
        #expect(key.text(network: .mainnet) == vector.key.replacing("'", with: "h"))
      }
    }
  }

  @Test("BIP-0380's invalid key expressions are refused")
  func invalidKeys() throws {
    let vectors = try PackageFiles.vector("bips/bip380.json", as: Checksums.self)
    #expect(vectors.invalidKeys.count == 16)
    for vector in vectors.invalidKeys {
      #expect(throws: KeyExpressionError.self, "\(vector.what)") {
        try KeyExpression(vector.key, network: .mainnet)
      }
    }
  }

  @Test("descriptors of single-key outputs give the published scripts; all others are refused")
  func valid() throws {
    let bips = try PackageFiles.vector("bips/descriptors.json", as: [String: BIP].self)
    #expect(bips.count == 7)
    var matched = 0
    for vector in bips.values.flatMap(\.valid) {
      do {
        let descriptor = try parse(vector.descriptor)
        for (index, script) in vector.scripts.enumerated() {
          let output = try descriptor.outputScript(at: UInt32(index))
          #expect(Hex.encode(output.scriptPubKey) == script)
        }
        #expect(try Descriptor(descriptor.text, network: .mainnet) == descriptor)
        matched += 1
      } catch let error as DescriptorError {
        switch error {
        case .key(.privateKey), .key(.extendedKey(.privateKey)):
          #expect(holdsPrivateKey(vector.descriptor))
        case .unsupportedFunction(let name): #expect(!["pkh", "wpkh", "tr"].contains(name))
        case .tooLong: #expect(vector.descriptor.utf8.count > Descriptor.maximumCharacters)
        case .scriptTree: #expect(vector.descriptor.hasPrefix("tr("))
        default: Issue.record("\(vector.descriptor): \(error)")
        }
      }
    }
    #expect(matched == 7)
  }

  /// What a private key makes of a descriptor: the functions around it, and where it leads.
  private struct SecretDescriptor {
    let function: SingleKeyScript
    /// WIF, or an extended private key.
    let key: Substring
    let path: DerivationPath
    /// Whether the last step is each index, hardened.
    let isHardenedRange: Bool

    /// Nil for functions that Keys has none of, script trees and public keys.
    init?(_ text: String) throws {
      let functions: KeyValuePairs<String, SingleKeyScript> = [
        "pkh(": .pkh, "sh(wpkh(": .shWpkh, "wpkh(": .wpkh, "tr(": .tr,
      ]
      guard !text.contains(","),
        let (name, function) = functions.first(where: { text.hasPrefix($0.0) })
      else { return nil }
      let argument = text.dropFirst(name.count).prefix { $0 != ")" }
      var steps = argument.split(separator: "]").last?.split(separator: "/") ?? []
      guard let key = steps.first, "KL5".contains(key.prefix(1)) || key.hasPrefix("xprv") else {
        return nil
      }
      isHardenedRange = steps.last == "*'" || steps.last == "*h"
      if isHardenedRange { steps.removeLast() }
      path = try DerivationPath(steps.dropFirst().joined(separator: "/"))
      self.function = function
      self.key = key
    }

    /// The public key at `index` as a descriptor has it, in hexadecimal.
    func publicKey(at index: UInt32) throws -> String {
      guard key.hasPrefix("xprv") else {
        // 80, the key, and 01 where the public key is compressed.
        let payload = try Base58Check.decode(key, maximumCharacters: 52)
        let secret = SecretBytes(copying: Array(payload[1..<33]).span.bytes)
        let point = try PrivateKey(secret).publicKey
        return Hex.encode(payload.count == 34 ? point.compressed : point.uncompressed)
      }
      var steps = path
      if isHardenedRange {
        steps = steps.appending(try #require(ChildNumber(index, hardened: true)))
      }
      return try ExtendedPrivateKey(secretText: String(key), network: .mainnet)
        .descendant(steps).extendedPublicKey.key.description
    }
  }

  @Test("what private keys derive gives the published scripts, through all four functions")
  func privateRows() throws {
    let bips = try PackageFiles.vector("bips/descriptors.json", as: [String: BIP].self)
    var matched: [SingleKeyScript: Int] = [:]
    for vector in bips.values.flatMap(\.valid) {
      guard let secret = try SecretDescriptor(vector.descriptor) else { continue }
      for (index, script) in vector.scripts.enumerated() {
        let key = try secret.publicKey(at: UInt32(index))
        let descriptor = try parse(secret.function.expression(around: key))
        #expect(Hex.encode(try descriptor.outputScript(at: 0).scriptPubKey) == script)
        #expect(descriptor.script == secret.function)
      }
      matched[secret.function, default: 0] += 1
    }
    #expect(matched == [.pkh: 3, .wpkh: 2, .shWpkh: 2, .tr: 1])
  }

  @Test("every invalid descriptor is refused")
  func invalid() throws {
    let bips = try PackageFiles.vector("bips/descriptors.json", as: [String: BIP].self)
    let invalid = bips.values.flatMap(\.invalid)
    #expect(invalid.count == 39)
    for vector in invalid {
      #expect(throws: DescriptorError.self, "\(vector.why)") { try parse(vector.descriptor) }
    }
  }

  @Test("BIP-0389's several paths in one are refused; one for each branch is read")
  func severalPaths() throws {
    let vectors = try PackageFiles.vector("bips/bip389.json", as: SeveralPaths.self)
    #expect(vectors.valid.count == 6)
    #expect(vectors.invalid.count == 8)
    for text in vectors.valid.map(\.descriptor) + vectors.invalid.map(\.descriptor) {
      let error = #expect(throws: DescriptorError.self, "\(text)") { try parse(text) }
      switch error {
      case .key(.severalPaths): #expect(text.contains("<"))
      case .key(.invalidStep): #expect(text.contains(">") && !text.contains("<"))
      case .key(.invalidOrigin): #expect(text.contains("[deadbeef/<0;1>]"))
      case .key(.privateKey): #expect(holdsPrivateKey(text))
      case .unsupportedFunction(let name): #expect(!["pkh", "wpkh", "tr"].contains(name))
      case .scriptTree: #expect(text.hasPrefix("tr("))
      default: Issue.record("\(text): \(String(describing: error))")
      }
    }
    let single = vectors.valid.flatMap(\.expanded).filter {
      ($0.hasPrefix("pkh(") || $0.hasPrefix("wpkh(")) && !holdsPrivateKey($0)
    }
    #expect(single.count == 5)
    for text in single {
      let descriptor = try parse(text)
      #expect(descriptor.text.hasPrefix(text + "#"))
      #expect(descriptor.isRanged == text.hasSuffix("/*)"))
    }
  }
}
