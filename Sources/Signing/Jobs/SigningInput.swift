package import Bitcoin
internal import Bytes
package import Payouts

/// What `payctl sign` is given: a server's batch, or a partially signed transaction alone.
package enum SigningInput: Sendable {
  case batch(UnsignedBatch)
  case psbt(PSBT)

  package enum ReadingError: Error, Equatable, Sendable {
    case batch(PayoutFileError)
    case psbt(PSBTError)
    case neither
  }

  /// From a file: JSON, or BIP-0174's bytes, as they are or in Base64.
  package init(parsing bytes: [UInt8]) throws(ReadingError) {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
    guard let first = bytes.first(where: { !isSpace($0) }) else { throw .neither }
    if first == UInt8(ascii: "{") {
      do {
        self = .batch(try UnsignedBatch(parsing: bytes))
      } catch {
        throw .batch(error)
      }
      return
    }
    do {
      if bytes.starts(with: [0x70, 0x73, 0x62, 0x74, 0xff]) {
        self = .psbt(try PSBT(bytes: bytes))
        return
      }
      guard bytes.count <= UnsignedBatch.maximumFileBytes else { throw ReadingError.neither }
      let text = String(decoding: bytes.filter { !isSpace($0) }, as: UTF8.self)
      self = .psbt(try PSBT(base64: text))
    } catch let error as PSBTError {
      throw .psbt(error)
    } catch {
      throw .neither
    }
  }
}

extension SigningInput.ReadingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .batch(let error): "not a batch: \(error)"
    case .psbt(let error): "not a partially signed transaction: \(error)"
    case .neither: "neither a batch nor a partially signed transaction"
    }
  }
}
