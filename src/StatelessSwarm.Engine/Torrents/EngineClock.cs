namespace StatelessSwarm.Engine.Torrents;

/// <summary>The given clock's timestamps, read once per event, and durations in its units.</summary>
internal sealed class EngineClock(TimeProvider time)
{
    /// <summary>The timestamp of the event being worked on.</summary>
    public long Now { get; private set; } = time.GetTimestamp();

    /// <summary>Reads the clock.</summary>
    public void Update() => Now = time.GetTimestamp();

    /// <summary>A duration in timestamp units.</summary>
    public long Milliseconds(long milliseconds) => milliseconds * time.TimestampFrequency / 1000;

    /// <summary>A duration in timestamp units.</summary>
    public long Duration(double seconds) => (long)(seconds * time.TimestampFrequency);

    /// <summary>Timestamp units as seconds.</summary>
    public double Seconds(long duration) => (double)duration / time.TimestampFrequency;

    /// <summary>True when <paramref name="milliseconds"/> have passed since <paramref name="then"/>.</summary>
    public bool HasPassed(long then, long milliseconds) => Now - then >= Milliseconds(milliseconds);

    /// <summary>True when <paramref name="duration"/> has passed since <paramref name="then"/>.</summary>
    public bool HasPassed(long then, TimeSpan duration) => time.GetElapsedTime(then, Now) >= duration;
}
