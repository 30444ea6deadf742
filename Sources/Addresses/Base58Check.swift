internal import Bytes
internal import Digests

/// Base58 with the first four bytes of the payload's SHA-256d behind it.
package enum Base58Check {
  package enum DecodingError: Error, Equatable {
    case base58(Base58.DecodingError)
    /// Fewer bytes than the checksum alone needs.
    case tooShort(bytes: Int)
    case wrongChecksum
  }

  package static func encode(_ payload: [UInt8]) -> String {
    Base58.encode(payload + checksum(of: payload[...]))
  }

  /// The payload without its checksum.
  package static func decode(
    _ text: some StringProtocol, maximumCharacters: Int
  ) throws(DecodingError) -> [UInt8] {
    let bytes: [UInt8]
    do {
      bytes = try Base58.decode(text, maximumCharacters: maximumCharacters)
    } catch {
      throw .base58(error)
    }
    guard bytes.count >= 4 else { throw .tooShort(bytes: bytes.count) }
    let payload = bytes.dropLast(4)
    guard checksum(of: payload) == Array(bytes.suffix(4)) else { throw .wrongChecksum }
    return Array(payload)
  }

  private static func checksum(of payload: ArraySlice<UInt8>) -> [UInt8] {
    Array(SHA256d.hash(Array(payload)).bytes.prefix(4))
  }
}
