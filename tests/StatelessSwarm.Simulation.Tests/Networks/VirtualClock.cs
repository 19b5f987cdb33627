namespace StatelessSwarm.Simulation.Tests.Networks;

/// <summary>Time that moves only when the simulation says so; nanoseconds from 0.</summary>
public sealed class VirtualClock : TimeProvider
{
    public const long Second = 1_000_000_000;

    public long Now { get; set; }

    public override long TimestampFrequency => Second;

    public override long GetTimestamp() => Now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now / 100);
}
