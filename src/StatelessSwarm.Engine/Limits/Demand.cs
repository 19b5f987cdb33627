namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// What this node needs of a shared budget: as much as there is once it has been held back, else half as much again as it uses, nothing
/// when it uses nothing.
/// </summary>
/// <param name="ticksPerSecond">Timestamp units per second.</param>
internal sealed class Demand(long ticksPerSecond)
{
    /// <summary>Bytes per second asked for at least by a member that is not held back.</summary>
    public const double Least = 64 * 1024;

    private const double OverUse = 1.5;

    private long _from = long.MinValue;
    private long _bytes;
    private bool _wasHeldBack;

    /// <summary>Bytes per second; <see cref="double.MaxValue"/> for as much as there is.</summary>
    public double Bytes { get; private set; }

    /// <summary>Changes when the others had better be told.</summary>
    public long Version { get; private set; }

    /// <summary>Some was used.</summary>
    public void Used(long bytes) => _bytes += bytes;

    /// <summary>More was wanted than there was.</summary>
    public void HeldBack()
    {
        _wasHeldBack = true;
        Become(double.MaxValue);
    }

    /// <summary>Looks at the last second once it is over.</summary>
    public void Advance(long now)
    {
        if (_from == long.MinValue)
            _from = now;
        if (now - _from < ticksPerSecond)
            return;
        var rate = _bytes * (double)ticksPerSecond / (now - _from);
        if (!_wasHeldBack)
            Become(_bytes == 0 ? 0 : Math.Max(rate * OverUse, Least));
        _from = now;
        _bytes = 0;
        _wasHeldBack = false;
    }

    private void Become(double bytes)
    {
        if (bytes == Bytes)
            return;
        // A steady need wobbles; every change costs a message to each neighbour.
        var isNews = bytes is 0 or double.MaxValue || Bytes is 0 or double.MaxValue || bytes > Bytes || bytes < Bytes / 2;
        if (!isNews)
            return;
        Bytes = bytes;
        Version++;
    }
}
