using StatelessSwarm.Fuzz.Targets;

namespace StatelessSwarm.Fuzz.Running;

/// <summary>An input that broke its target, and how.</summary>
/// <param name="Target">Whose.</param>
/// <param name="Origin">Where it came from: a corpus entry, or seed and number.</param>
/// <param name="Input">The bytes.</param>
/// <param name="Reason">What went wrong.</param>
public sealed record FuzzCrash(FuzzTarget Target, string Origin, byte[] Input, string Reason)
{
    private const int MaxShownBytes = 256;

    /// <inheritdoc/>
    public override string ToString()
    {
        var shown = Convert.ToHexStringLower(Input.AsSpan(0, Math.Min(Input.Length, MaxShownBytes)));
        return $"{Target.Name} ({Origin}, {Input.Length} bytes {shown}{(Input.Length > MaxShownBytes ? "..." : "")}): {Reason}";
    }
}
