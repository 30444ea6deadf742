package import Database

/// Where claimed orders stand, for a claiming that has them in its own database: their events come
/// later than what they tell.
package protocol ClaimedOrders: Sendable {
  /// Where the order stands, and stays until the transaction ends; nil where it isn't known here.
  func standing(
    of order: String, tenant: String, in connection: any SQLConnection
  ) throws -> ClaimedOrder?
}
