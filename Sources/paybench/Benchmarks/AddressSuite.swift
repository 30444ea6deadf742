internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Digests
internal import Keys

/// Addresses from an account's public key.
enum AddressSuite: Suite {
  private static let name = "P2WPKH addresses from an xpub"

  static let names = [name]

  /// BIP-0084's published account.
  private static let account =
    "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let descriptor = try Descriptor(accountKey: account, network: .mainnet, branch: 0)
    let count = materials.settings.repetitions(8_000)
    // Indexes are used once: nothing can have been kept from before.
    var next = UInt32.random(in: 0..<1 << 30)
    let ours = {
      let seconds = CPUClock.seconds {
        for _ in 0..<count {
          next = (next + 1) % ChildNumber.indexEnd
          if let address = try? descriptor.address(at: next) {
            Sink.take(UInt64(address.text.utf8.count))
          }
        }
      }
      return Double(count) / seconds
    }
    var tweak = SHA256.hash([1])
    guard case .extended(let parent, _, _) = descriptor.key.key else {
      throw BenchmarkFailure("an account's descriptor has an extended key")
    }
    let bare = {
      let tweaks = (0..<count).map { _ in
        tweak = tweak.withUnsafeBytes { SHA256.hash($0.bytes) }
        return tweak
      }
      let seconds = CPUClock.seconds {
        for tweak in tweaks { Sink.take(parent.key.adding(tweak: tweak) == nil ? 0 : 1) }
      }
      return Double(count) / seconds
    }
    return [
      Contest(
        name: name, unit: "addresses/s", ours: ours,
        references: [
          .init(
            name: "libsecp256k1's secp256k1_ec_pubkey_tweak_add alone", goal: .ratioAtLeast(8),
            run: bare)
        ])
    ]
  }
}
