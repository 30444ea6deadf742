package import Bytes

/// Something that happened to a claim. The facts in their order are all that its state is made of;
/// none of them has a code, or an address.
package enum ClaimFact: Codable, Equatable, Sendable {
  /// Its order is ready, as the order's event of this sequence tells.
  ///
  /// - code: `ClaimCode.digest`
  case issued(ClaimTerms, code: Hash32, sequence: Int64)
  /// What the order's event of this sequence tells.
  case orderMoved(sequence: Int64, to: ClaimedOrder)
  /// What the order said of people is forgotten, and whose it was with it.
  case orderForgotten

  /// Somebody showed a wrong code.
  case attemptFailed(by: String)
  /// Somebody showed the code, and was handed the order.
  case processed(by: String)
  /// It has a new code; the one before is worth nothing any more.
  case renewed(code: Hash32, by: String)

  case courierAssigned(courier: String, revision: Int64, by: String)
  case pickedUp(by: String)
  /// No courier brings it: it is picked up at the counter after all.
  case deliveryWithdrawn(by: String)
}

/// Why a fact can't happen to a claim as it stands. Nothing was written.
package enum ClaimRefusal: Error, Equatable, Sendable {
  case notIssued
  case issuedAlready(String)
  case notFound(String)
  /// The order has none.
  case noClaim(order: String)
  /// Handed over; who had the code before.
  case processed
  case canceled
  case suspended
  case locked
  /// Only its home region decides about it.
  case elsewhere(region: String)
  case noDelivery
  /// It should have a code, and doesn't: rows were made again where it was lost.
  case codeLost
}
