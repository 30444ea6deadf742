/// What at least a quorum of nodes answered to one question.
package struct NodeAnswers<Value: Hashable & Sendable>: Sendable {
  /// In the order of the nodes.
  package let all: [Served<Value>]
  private let quorum: Int

  init(_ all: [Served<Value>], quorum: Int) {
    self.all = all
    self.quorum = quorum
  }

  /// Those alone that are about the same thing.
  package func filter(_ isMeant: (Value) -> Bool) -> NodeAnswers {
    NodeAnswers(all.filter { isMeant($0.value) }, quorum: quorum)
  }

  /// How many answers there are, so that fewer than a quorum can be told from disagreement.
  package var hasQuorum: Bool { all.count >= quorum }

  /// What a quorum says; nil where no answer has one, or two have (possible where it is at most
  /// half of the nodes).
  package var agreed: Value? {
    let counts = Dictionary(grouping: all, by: \.value).filter { $0.value.count >= quorum }
    return counts.count == 1 ? counts.first?.key : nil
  }
}
