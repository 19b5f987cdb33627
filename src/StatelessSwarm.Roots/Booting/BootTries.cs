namespace StatelessSwarm.Roots.Booting;

/// <summary>What is known of booting one release.</summary>
/// <param name="Left">Boots it still gets before it counts as bad; meaningless once it is good.</param>
/// <param name="Done">Boots begun without a blessing.</param>
/// <param name="IsGood">It booted and was blessed: it is not counted any more.</param>
public sealed record BootTries(int Left, int Done, bool IsGood)
{
    /// <summary>It had its tries and was never blessed.</summary>
    public bool IsBad => !IsGood && Left == 0;

    /// <summary>Blessed.</summary>
    public static BootTries Good { get; } = new(0, 0, true);
}
