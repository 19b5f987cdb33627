namespace StatelessSwarm.Sim.Networks;

/// <summary>Time that moves only when the simulation says so; nanoseconds from 0.</summary>
internal sealed class VirtualClock : TimeProvider
{
    /// <summary>One second.</summary>
    public const long Second = 1_000_000_000;

    /// <summary>One millisecond.</summary>
    public const long Millisecond = 1_000_000;

    /// <summary>Later than anything.</summary>
    public const long Never = long.MaxValue / 4;

    /// <summary>The time of the event being worked on.</summary>
    public long Now { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => Second;

    /// <inheritdoc/>
    public override long GetTimestamp() => Now;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now / 100);

    /// <summary>Seconds as nanoseconds.</summary>
    public static long Seconds(double seconds) => (long)Math.Round(seconds * Second);

    /// <summary>Milliseconds as nanoseconds.</summary>
    public static long Milliseconds(double milliseconds) => (long)Math.Round(milliseconds * Millisecond);
}
