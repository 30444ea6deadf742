/// How long a node may take over an answer, in milliseconds, by the size of the answer.
package struct NodeTimeouts: Equatable, Sendable {
  /// A tip, a hash, a header, a small batch.
  package let questionMilliseconds: Int
  /// A whole block or the whole mempool's list.
  package let bulkMilliseconds: Int

  package static let standard = NodeTimeouts(
    questionMilliseconds: 10_000, bulkMilliseconds: 60_000)

  func milliseconds(isBulk: Bool) -> Int { isBulk ? bulkMilliseconds : questionMilliseconds }

  package init(questionMilliseconds: Int, bulkMilliseconds: Int) {
    precondition(questionMilliseconds > 0, "an answer takes time")
    precondition(bulkMilliseconds > 0, "an answer takes time")
    self.questionMilliseconds = questionMilliseconds
    self.bulkMilliseconds = bulkMilliseconds
  }
}
