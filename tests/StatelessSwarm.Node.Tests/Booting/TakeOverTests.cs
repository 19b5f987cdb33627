using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Tests.Support;

namespace StatelessSwarm.Node.Tests.Booting;

/// <summary>The service of an image takes the place of the agent of its initramfs: the same state directory, never two at once.</summary>
public sealed class TakeOverTests : IAsyncLifetime
{
    private TestSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await TestSite.StartAsync();

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    private static async Task<NodeStatus> StatusAsync(NodeOptions options)
    {
        while (true)
        {
            if (await ControlClient.TryGetStatusAsync(options.ControlSocketPath, TimeProvider.System, Cancellation) is { } status)
                return status;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
        }
    }

    [Fact]
    public async Task TakeOver_AgentThatGivesWay_EndsAndTheNextServes()
    {
        await _site.PublishAsync("1.0", 20 * 4096);
        var options = _site.NewNode();
        var agent = NodeDaemon.RunAsync(options with { GivesWay = true }, TextWriter.Null, false, TimeProvider.System, Cancellation);
        await StatusAsync(options);
        await NodeDaemon.TakeOverAsync(options, TimeProvider.System, Cancellation);
        await agent;
        await using var next = await TestSite.StartNodeAsync(options);
        Assert.Equal("1.0", (await next.UpdateAsync(Cancellation)).Release.Version);
    }

    [Fact]
    public async Task TakeOver_OrdinaryDaemon_IsRefused()
    {
        var options = _site.NewNode();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var daemon = NodeDaemon.RunAsync(options, TextWriter.Null, false, TimeProvider.System, stop.Token);
        await StatusAsync(options);
        var fault = await Assert.ThrowsAsync<NodeException>(() => NodeDaemon.TakeOverAsync(options, TimeProvider.System, Cancellation));
        Assert.Contains("does not give way", fault.Message, StringComparison.Ordinal);
        await stop.CancelAsync();
        await daemon.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    [Fact]
    public Task TakeOver_NobodyThere_ReturnsAtOnce() => NodeDaemon.TakeOverAsync(_site.NewNode(), TimeProvider.System, Cancellation);
}
