namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// Where a web seed's redirects lead in the end, so that not every range takes the detour. Only what could be followed is remembered (http or
/// https, never out of https), and not for long: signed addresses of object stores run out, and hosts move. Any thread may call.
/// </summary>
internal sealed class RedirectMemory(TimeProvider time)
{
    /// <summary>Files remembered at most; others take the detour.</summary>
    public const int MaxFiles = 64;

    /// <summary>How long one is believed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<Uri, (Uri Target, long Since)> _targets = [];

    /// <summary>Where to ask for a file.</summary>
    public Uri Find(Uri named)
    {
        lock (_gate)
        {
            if (!_targets.TryGetValue(named, out var known))
                return named;
            if (time.GetElapsedTime(known.Since) < Lifetime)
                return known.Target;
            _targets.Remove(named);
            return named;
        }
    }

    /// <summary>A request for a file ended there. One that is known already gets no younger.</summary>
    public void Add(Uri named, Uri target)
    {
        lock (_gate)
        {
            if (_targets.TryGetValue(named, out var known) && known.Target == target)
                return;
            if (_targets.Count < MaxFiles || _targets.ContainsKey(named))
                _targets[named] = (target, time.GetTimestamp());
        }
    }

    /// <summary>It serves the file no more.</summary>
    public void Forget(Uri named)
    {
        lock (_gate)
            _targets.Remove(named);
    }
}
