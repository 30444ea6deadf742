extension FieldElement {
  /// The number whose product with this one is 1, and 0 for 0: the power p − 2 (Fermat).
  ///
  /// p − 2 has in binary 223 ones, a zero, 22 ones, and then 0000101101. Powers of 2ⁿ − 1, n ones,
  /// come from shorter ones: `ones(m + n) = ones(m)^(2ⁿ) · ones(n)`.
  var inverse: FieldElement {
    let ones1 = self
    let ones2 = ones1.squared(1) * ones1
    let ones3 = ones2.squared(1) * ones1
    let ones6 = ones3.squared(3) * ones3
    let ones9 = ones6.squared(3) * ones3
    let ones11 = ones9.squared(2) * ones2
    let ones22 = ones11.squared(11) * ones11
    let ones44 = ones22.squared(22) * ones22
    let ones88 = ones44.squared(44) * ones44
    let ones176 = ones88.squared(88) * ones88
    let ones220 = ones176.squared(44) * ones44
    let ones223 = ones220.squared(3) * ones3
    // 1…1 0 1…1, then 00001, 011 and 01.
    let head = ones223.squared(23) * ones22
    return ((head.squared(5) * ones1).squared(3) * ones2).squared(2) * ones1
  }

  /// Squared `count` times.
  private func squared(_ count: Int) -> FieldElement {
    var result = self
    for _ in 0..<count { result = result * result }
    return result
  }
}
