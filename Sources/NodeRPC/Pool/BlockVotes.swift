/// How nodes stand to a block. Who doesn't answer, or has no block at its height, says nothing.
package struct BlockVotes: Equatable, Sendable {
  /// Have it in their active chains, by their places in the pool.
  package private(set) var having: [Int] = []
  /// Have another block at its height.
  package private(set) var lacking: [Int] = []

  init(_ answers: [(node: Int, outcome: Result<Bool, NodeError>)]) {
    for answer in answers {
      switch answer.outcome {
      case .success(true): having.append(answer.node)
      case .success(false): lacking.append(answer.node)
      case .failure: break
      }
    }
  }

  /// Whether nothing that is still to come changes which side has a quorum.
  func areSettled(asked: Int, quorum: Int) -> Bool {
    let open = asked - having.count - lacking.count
    return having.count >= quorum || (lacking.count >= quorum && having.count + open < quorum)
  }
}
