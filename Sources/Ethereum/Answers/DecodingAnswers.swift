internal import Bytes
internal import ChainTypes

extension EthereumHeader {
  /// From a block as a node writes it in JSON. Whether it is the block that was asked for only its
  /// hash tells.
  package init(json bytes: RawSpan) throws(EthereumError) {
    let header = try BlockAnswer(bytes) { _ in true }.header
    guard header.hasContiguousFields else { throw .unverifiable(.headerFields) }
    self = header
  }
}

extension EthereumTransaction {
  /// From a transaction as a node writes it in JSON, inside a block or by itself.
  package init(json bytes: RawSpan) throws(EthereumError) {
    var items = TrieItems()
    do {
      var reader = AnswerReader(bytes)
      if try reader.skipNull() { throw AnswerError.null }
      var encoder = TransactionEncoder()
      try encoder.encode(&reader, to: &items) { _ in true }
      try reader.expectEnd()
    } catch let error as EthereumError {
      throw error
    } catch let error as AnswerError {
      throw .answer(error)
    } catch {
      throw .invalid(.signature)
    }
    try self.init(encoded: items.bytes)
  }
}

extension EthereumReceipt {
  /// From a receipt as a node writes it in JSON.
  package init(json bytes: RawSpan) throws(EthereumError) {
    var items = TrieItems()
    do {
      var reader = AnswerReader(bytes)
      if try reader.skipNull() { throw AnswerError.null }
      var encoder = ReceiptEncoder(.ethereum)
      try encoder.encode(&reader, to: &items)
      try reader.expectEnd()
    } catch let error as EthereumError {
      throw error
    } catch let error as AnswerError {
      throw .answer(error)
    } catch {
      throw .invalid(.status)
    }
    try self.init(encoded: items.bytes)
  }
}
