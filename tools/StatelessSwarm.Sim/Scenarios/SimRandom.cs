namespace StatelessSwarm.Sim.Scenarios;

/// <summary>Chance from one number (splitmix64): the same on every machine and runtime.</summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += 0x9e3779b97f4a7c15;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            return z ^ (z >> 31);
        }
    }

    /// <summary>From 0 to less than 1.</summary>
    public double Share() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>From 0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound) => (int)(Share() * bound);

    /// <summary>From <paramref name="least"/> to <paramref name="most"/>.</summary>
    public double Between(double least, double most) => least + (most - least) * Share();

    /// <summary>One of them.</summary>
    public T OneOf<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>Mixes the order.</summary>
    public void Shuffle<T>(List<T> list)
    {
        for (var left = list.Count; left > 1; left--)
        {
            var place = Below(left);
            (list[place], list[left - 1]) = (list[left - 1], list[place]);
        }
    }
}
