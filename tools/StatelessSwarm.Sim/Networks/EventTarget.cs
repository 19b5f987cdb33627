namespace StatelessSwarm.Sim.Networks;

/// <summary>Something that events happen to. Events carry a number and an argument instead of a closure: there are billions of them.</summary>
internal abstract class EventTarget
{
    /// <summary>The time has come.</summary>
    /// <param name="what">Which of the target's events.</param>
    /// <param name="argument">What it was planned with.</param>
    public abstract void Fire(int what, long argument);
}
