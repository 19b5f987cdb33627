namespace StatelessSwarm.Discovery.Browsing;

/// <summary>A question asked again and again, each pause three times the one before (RFC 6762 5.2 wants at least two).</summary>
internal sealed class QuestionSeries(TimeSpan due, TimeSpan longestPause)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private const int PauseGrowth = 3;

    private TimeSpan _pause = FirstPause;

    /// <summary>When it is asked next.</summary>
    public TimeSpan Due { get; private set; } = due;

    /// <summary>How often it was asked.</summary>
    public int Asked { get; private set; }

    /// <summary>Asked now, by us or, with the same effect, by somebody else.</summary>
    public void NoteAsked(TimeSpan now)
    {
        Asked++;
        Due = now + _pause;
        _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * PauseGrowth, longestPause.Ticks));
    }

    /// <summary>Starts over.</summary>
    public void Restart(TimeSpan due)
    {
        Due = due < Due ? due : Due;
        Asked = 0;
        _pause = FirstPause;
    }
}
