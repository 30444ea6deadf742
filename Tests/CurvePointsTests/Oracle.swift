import Bytes
import Digests
import Testing

@testable import CurvePoints
@testable import Keys

/// libsecp256k1's answers.
enum Oracle {
  /// `number`·G for a number that isn't 0.
  static func key(_ number: UInt256) throws -> PublicKey {
    let bytes = number.bigEndianBytes
    return try PrivateKey(SecretBytes(copying: bytes.span.bytes)).publicKey
  }

  /// 33 bytes, as public keys are compressed.
  static func compressed(_ point: CurvePoint) -> [UInt8] {
    [point.hasOddY ? 3 : 2] + point.xBytes.bytes
  }
}
