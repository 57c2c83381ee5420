use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Mutex, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// WebDriver BiDi: what the commands of WebDriver lack, over a WebSocket beside them.
///
/// It is read only while an answer is awaited; until then, events wait in the socket.
#[derive(Debug)]
pub(crate) struct Bidi(Mutex<Connection>);

#[derive(Debug)]
struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    commands: u64,
    events: Vec<Value>,
}

impl Bidi {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let (socket, _) = connect_async(url).await.with_context(|| format!("no WebDriver BiDi at {url}"))?;
        Ok(Self(Mutex::new(Connection { socket, commands: 0, events: Vec::new() })))
    }

    /// Sends a command and gives its result.
    pub(crate) async fn command(&self, method: &str, params: Value) -> Result<Value> {
        let mut connection = self.0.lock().await;
        let answer = timeout(crate::PATIENCE, connection.command(method, params)).await;
        answer
            .with_context(|| format!("{method} was not answered"))?
            .with_context(|| format!("{method} failed"))
    }

    /// The parameters of the events of this name since the last call: of all that happened in this tab before it.
    pub(crate) async fn events(&self, name: &str, tab: &str) -> Result<Vec<Value>> {
        // Events come from the page's process in their order, so its answer comes after them.
        let ask = json!({"expression": "0", "target": {"context": tab}, "awaitPromise": false});
        self.command("script.evaluate", ask).await?;
        let events = &mut self.0.lock().await.events;
        let wanted = events.extract_if(.., |event| event.get("method").is_some_and(|method| method == name));
        Ok(wanted.map(|mut event| event.get_mut("params").map(Value::take).unwrap_or_default()).collect())
    }
}

impl Connection {
    async fn command(&mut self, method: &str, params: Value) -> Result<Value> {
        self.commands += 1;
        let id = self.commands;
        let command = json!({"id": id, "method": method, "params": params});
        self.socket.send(Message::text(command.to_string())).await?;
        loop {
            let message = self.socket.next().await.context("the browser ended the connection")??;
            let Message::Text(text) = message else { continue };
            let mut message: Value = serde_json::from_str(&text)?;
            if message.get("id").is_none_or(|answered| *answered != id) {
                self.events.push(message);
            } else if let Some(result) = message.get_mut("result") {
                return Ok(result.take());
            } else {
                bail!("{message}");
            }
        }
    }
}
