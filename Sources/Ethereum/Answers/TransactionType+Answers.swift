extension TransactionType {
  /// The type that an answer's member `type` names; legacy where there is none, as older nodes
  /// leave it out.
  ///
  /// - Parameter unknown: what can't be judged where no type has that number
  init(
    _ text: AnswerReader.Text?, in reader: borrowing AnswerReader,
    unknown: (UInt64) -> EthereumError.Unverifiable
  ) throws(EthereumError) {
    guard let text else {
      self = .legacy
      return
    }
    let number: UInt64
    do {
      number = try reader.number64(text, "type")
    } catch {
      throw .answer(error)
    }
    guard let type = UInt8(exactly: number).flatMap(TransactionType.init(rawValue:)) else {
      throw .unverifiable(unknown(number))
    }
    self = type
  }
}
