/** So little that most of what is asked for is refused towards the end. */
export const raceBudget = { budget: 'gas-usd-e6', scope: 'race', windowMs: 86_400_000, limit: 200_000 } as const;
