using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Swarm.WebSeeds;

namespace StatelessSwarm.Swarm.Tests.WebSeeds;

public sealed class RedirectMemoryTests
{
    private static readonly Uri Target = new("http://elsewhere/file");

    [Fact]
    public void Target_IsBelievedForAMinute_ThenTheDetourIsTakenAgain()
    {
        var time = new FakeTimeProvider();
        var memory = new RedirectMemory(time);
        memory.Add(Named(1), Target);
        time.Advance(TimeSpan.FromSeconds(50));
        // Used again, it gets no younger.
        memory.Add(Named(1), Target);
        Assert.Equal(Target, memory.Find(Named(1)));
        Assert.Equal(Named(2), memory.Find(Named(2)));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(Named(1), memory.Find(Named(1)));
    }

    [Fact]
    public void Targets_AreBounded_AndForgottenOneByOne()
    {
        var memory = new RedirectMemory(new FakeTimeProvider());
        for (var file = 0; file < 2 * RedirectMemory.MaxFiles; file++)
            memory.Add(Named(file), Target);
        Assert.Equal(RedirectMemory.MaxFiles, Enumerable.Range(0, 2 * RedirectMemory.MaxFiles).Count(file => memory.Find(Named(file)) == Target));
        memory.Forget(Named(0));
        Assert.Equal(Named(0), memory.Find(Named(0)));
        memory.Add(Named(100), Target);
        Assert.Equal(Target, memory.Find(Named(100)));
    }

    private static Uri Named(int file) => new($"http://named/{file}");
}
