internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Digests

/// Hashes and encodings.
enum DigestSuite: Suite {
  private static let keccak = "Keccak-256 of 1 MB"
  private static let bech32 = "P2WPKH address to text"

  static let names = [keccak, bech32]

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 167) }
    let rounds = materials.settings.repetitions(50)
    let count = materials.settings.repetitions(200_000)
    let hashes = (0..<1_000).map { HASH160.hash([UInt8($0 & 0xff), UInt8($0 >> 8)]) }
    let key = [UInt8](repeating: 2, count: 33)
    let peers =
      names.contains(keccak)
      ? try materials.peers.keccak(bytes, digest: Keccak256.hash(bytes).hex) : []

    func megabytes(_ body: () -> Hash32) -> Double {
      let seconds = CPUClock.seconds { for _ in 0..<rounds { Sink.take(body().words.0) } }
      return Double(rounds) * Double(bytes.count) / seconds / 1e6
    }
    return [
      Contest(
        name: keccak, unit: "MB/s",
        how: "One message of 1 MB, whole, on one core.",
        ours: { megabytes { Keccak256.hash(bytes) } },
        references: [
          .init(name: "OpenSSL's SHA-256 of the same bytes") { megabytes { SHA256.hash(bytes) } }
        ] + peers),
      Contest(
        name: bech32, unit: "addresses/s",
        how: "Of a public key's hash that is there already, a thousand of them in turn.",
        ours: {
          let seconds = CPUClock.seconds {
            for index in 0..<count {
              let address = BitcoinAddress(
                .p2wpkh(hashes[index % hashes.count]), network: .mainnet)
              Sink.take(UInt64(address.text.utf8.count))
            }
          }
          return Double(count) / seconds
        },
        references: [
          .init(name: "OpenSSL's HASH160 of the public key") {
            let seconds = CPUClock.seconds {
              for _ in 0..<count {
                HASH160.hash(key).withUnsafeBytes { Sink.take(UInt64($0[0])) }
              }
            }
            return Double(count) / seconds
          }
        ]),
    ].filter { names.contains($0.name) }
  }
}
