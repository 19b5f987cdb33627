using StatelessSwarm.Discovery.Browsing;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Tests.Browsing;

public sealed class ServiceEventQueueTests
{
    private static readonly DomainName One = DomainName.Parse("one.local");
    private static readonly DomainName Two = DomainName.Parse("two.local");

    private readonly ServiceEventQueue _queue = new();

    [Theory]
    [InlineData("Found Updated", "Found")]
    [InlineData("Found Lost", "")]
    [InlineData("Found Lost Found", "Found")]
    [InlineData("Updated Updated", "Updated")]
    [InlineData("Updated Lost", "Lost")]
    [InlineData("Lost Found", "Updated")]
    public void Events_OfOneInstanceNotYetRead_AddUp(string posted, string read)
    {
        foreach (var kind in posted.Split(' '))
            Post(One, kind);
        Assert.Equal(read, string.Join(' ', _queue.TakeAll().Select(e => e.Kind)));
    }

    [Fact]
    public void Events_OfSeveralInstances_KeepTheirOrder()
    {
        Post(One, "Found");
        Post(Two, "Found");
        Post(One, "Updated");
        Assert.Equal(["one", "two"], _queue.TakeAll().Select(e => e.Instance.Instance));
    }

    [Fact]
    public async Task Reader_AfterCompletion_GetsTheRestAndEnds()
    {
        Post(One, "Found");
        _queue.Complete();
        var read = 0;
        await foreach (var _ in _queue.ReadAsync(TestContext.Current.CancellationToken))
            read++;
        Assert.Equal(1, read);
    }

    private void Post(DomainName name, string kind)
    {
        Assert.True(name.TryGetLabel(out var label));
        var instance = new ServiceInstance(label, "_t._tcp", "h.local", 1, [], new Dictionary<string, string>());
        _queue.Post(name, new ServiceEvent(Enum.Parse<ServiceEventKind>(kind), instance));
    }
}
