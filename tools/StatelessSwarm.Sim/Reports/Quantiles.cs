namespace StatelessSwarm.Sim.Reports;

/// <summary>Of a set of times; all 0 for none.</summary>
internal sealed record Quantiles(int Count, double First, double P50, double P90, double P99, double Last)
{
    /// <summary>Sorts and looks.</summary>
    public static Quantiles Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
            return new Quantiles(0, 0, 0, 0, 0, 0);
        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1)];
        return new Quantiles(sorted.Length, sorted[0], At(0.5), At(0.9), At(0.99), sorted[^1]);
    }
}
